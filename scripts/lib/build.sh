# Sourced by the scripts after common.sh: builds the two programs, always with the same flags, so that nothing is
# compiled twice.
# shellcheck shell=bash

# shellcheck source=scripts/lib/llama.sh
source "$repository/scripts/lib/llama.sh"
# shellcheck source=scripts/lib/model.sh
source "$repository/scripts/lib/model.sh"

# need_build_packages NAME…: what both programs and the engine are built with, and the packages named beside.
need_build_packages() {
    local packages=("$@" libssl-dev libcurl4-openssl-dev libsqlite3-dev libpcre2-dev zlib1g-dev pkg-config) package
    # A python3 with pip may come from elsewhere than the distribution.
    local has_pip=false
    ! python3 -m pip --version >/dev/null 2>&1 || has_pip=true
    for package in "${LLAMA_PACKAGES[@]}"; do
        [[ $package == python3* ]] && $has_pip || packages+=("$package")
    done
    need_packages "${packages[@]}"
    need_python
}

# prepare_engine: llama.cpp in the cache, LLAMA_SWIFT_FLAGS and PKG_CONFIG_PATH set.
prepare_engine() {
    step "model engine: llama.cpp"
    llama_prepare || fail "llama.cpp was not built" "see the lines above; run this again, finished parts are kept"
}

# Everything that a build depends on, as one checksum.
build_fingerprint() {
    (
        cd "$repository" || exit 1
        printf '%s\n' "$@"
        # Package.resolved is not there before the first build.
        { find Sources Package.swift Package.resolved -type f -printf '%p %s %T@\n' 2>/dev/null || true; } | sort
    ) | sha256sum | cut -c 1-64
}

# build_release [PRODUCT…]: builds what has changed, without names the two programs that are shipped; sets `programs` to the
# folder they are in.
build_release() {
    local products=("$@")
    ((${#products[@]})) || products=(gatehouse gatehouse-worker)
    # The check of exclusive access costs an event loop about a tenth of its time; debug builds, which the tests run, keep it.
    # Optimising across modules saves a few per cent more: most of a request's way leads through NIO's generic code.
    local flags=(--package-path "$repository" -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked
        -Xswiftc -cross-module-optimization
        "${LLAMA_SWIFT_FLAGS[@]}")
    local product stamp fingerprint
    programs=$repository/.build/release
    for product in "${products[@]}"; do
        stamp=$repository/.build/release.$product.fingerprint
        fingerprint=$(build_fingerprint "${flags[@]}")
        if [[ -x $programs/$product && -e $stamp && $(<"$stamp") == "$fingerprint" ]]; then
            step "$product is built"
            continue
        fi
        run_step "building $product (release; the first time takes several minutes)" \
            "read the compiler's lines above; to start over: rm -rf .build" \
            swift build "${flags[@]}" --product "$product"
        # Now, since the first build of all makes Package.resolved.
        build_fingerprint "${flags[@]}" >"$stamp"
    done
}
