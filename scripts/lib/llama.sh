# shellcheck shell=bash
# Builds llama.cpp, the model engine, into a cache outside the repository. Sourced by build.sh, after common.sh.
#
#   llama_prepare   builds it when the cache does not have it yet, then sets for the caller:
#     LLAMA_PREFIX        where it is installed
#     LLAMA_BACKENDS      the directory with the loadable backends (gatehouse-worker --backends); also the library directory
#     LLAMA_SWIFT_FLAGS   array of flags for `swift build` and `swift test`
#     PKG_CONFIG_PATH     exported, so that SwiftPM finds llama.pc
#
# Needs: python3 with pip, cmake, ninja, a C++ compiler (LLAMA_PACKAGES names the Debian packages).

# The source is llama.cpp as vendored in this PyPI source package: one file, one checksum, no git.
LLAMA_VERSION=0.3.36
LLAMA_SHA256=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
# Our C interface to what the engine has in C++ only; it needs headers that are not installed, so it is built beside it.
LLAMA_TEXT=${repository:?common.sh is sourced first}/Sources/CLlama/text
# shellcheck disable=SC2034  # read by the scripts that source this file
LLAMA_PACKAGES=(python3 python3-pip cmake ninja-build g++ pkg-config)

gatehouse_cache() {
    printf '%s\n' "${GATEHOUSE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gatehouse}"
}

# One CPU variant, for the instructions that this machine has. All fourteen of llama.cpp's variants take five times as
# long to build and only one of them would ever be loaded here.
llama_cpu_flags() {
    case "$(uname -m)" in
        x86_64) ;;
        # Elsewhere the compiler's baseline for the architecture is used.
        *) return 0 ;;
    esac
    local pair name feature
    for pair in \
        SSE42:sse4_2 AVX:avx AVX2:avx2 FMA:fma F16C:f16c BMI2:bmi2 AVX_VNNI:avx_vnni \
        AVX512_VBMI:avx512vbmi AVX512_VNNI:avx512_vnni AVX512_BF16:avx512_bf16 \
        AMX_TILE:amx_tile AMX_INT8:amx_int8 AMX_BF16:amx_bf16; do
        name=${pair%%:*}
        feature=${pair#*:}
        # Each one is said, on or off: several of them default to on when GGML_NATIVE is off.
        if llama_cpu_has "$feature"; then echo "-DGGML_$name=ON"; else echo "-DGGML_$name=OFF"; fi
    done
    # llama.cpp's one switch stands for five subsets; a CPU that lacks one of them must not get it.
    if llama_cpu_has avx512f avx512cd avx512vl avx512dq avx512bw; then
        echo "-DGGML_AVX512=ON"
    else
        echo "-DGGML_AVX512=OFF"
    fi
}

llama_cpu_has() {
    local feature flags
    flags=" $(grep -m1 '^flags' /proc/cpuinfo | cut -d: -f2) "
    for feature in "$@"; do
        [[ $flags == *" $feature "* ]] || return 1
    done
}

# GGML_BACKEND_DL: backends are plug-ins, so that a GPU is one added file later.
# GGML_OPENMP=OFF: no dependency on libgomp, same speed; the worker's default is one thread, where it makes no difference.
# LLAMA_BUILD_COMMON: JSON schemas and chat templates are in that C++ library.
# CMAKE_INSTALL_BINDIR=lib: plug-ins beside the libraries, so that $ORIGIN finds everything.
# --build-id: libraries and plug-ins of one source carry its checksum, by which a worker knows a plug-in of another.
# shellcheck disable=SC2016  # $ORIGIN is for the dynamic linker
llama_cmake_flags() {
    local mark=-Wl,--build-id=0x$LLAMA_SHA256
    printf '%s\n' \
        -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_INSTALL_BINDIR=lib '-DCMAKE_INSTALL_RPATH=$ORIGIN' \
        -DBUILD_SHARED_LIBS=ON -DGGML_BACKEND_DL=ON -DGGML_NATIVE=OFF -DGGML_OPENMP=OFF -DGGML_CCACHE=OFF \
        -DLLAMA_BUILD_COMMON=ON -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_EXAMPLES=OFF \
        -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_OPENSSL=OFF \
        "-DCMAKE_SHARED_LINKER_FLAGS=$mark" "-DCMAKE_MODULE_LINKER_FLAGS=$mark"
    llama_cpu_flags
}

# llama_identity [FILE…]: a build's name says what went into it, so that another CPU or another set of flags never gets
# these files.
llama_identity() {
    { echo "$LLAMA_SHA256"; llama_cmake_flags; cat /dev/null "$@"; } | sha256sum | cut -c1-12
}

# Fetches the source package into directory $1 and unpacks it there. pip checks the hash before it looks inside, but then insists on asking
# the package's build backend for metadata, which would download and run unpinned build tools. Nothing of that is wanted
# here, so pip is given a backend that answers with a name and a version.
llama_fetch() {
    local directory=$1
    mkdir -p "$directory/stub/scikit_build_core" "$directory/download"
    touch "$directory/stub/scikit_build_core/__init__.py"
    cat >"$directory/stub/scikit_build_core/build.py" <<PYTHON
import os


def prepare_metadata_for_build_wheel(directory, settings=None):
    name = "llama_cpp_python-$LLAMA_VERSION.dist-info"
    os.mkdir(os.path.join(directory, name))
    with open(os.path.join(directory, name, "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\nName: llama_cpp_python\nVersion: $LLAMA_VERSION\n")
    return name


def build_wheel(directory, settings=None, metadata=None):
    raise RuntimeError("only the source is wanted")
PYTHON
    echo "llama-cpp-python==$LLAMA_VERSION --hash=sha256:$LLAMA_SHA256" >"$directory/requirements.txt"
    PYTHONPATH="$directory/stub" python3 -m pip --disable-pip-version-check download \
        --no-deps --no-binary llama-cpp-python --no-build-isolation --require-hashes \
        --dest "$directory/download" --requirement "$directory/requirements.txt" || return 1
    echo "$LLAMA_SHA256  $(echo "$directory"/download/*.tar.gz)" | sha256sum --check --quiet || return 1
    # Only the engine's tree, without the Python wrapper around it.
    tar -xzf "$directory"/download/*.tar.gz -C "$directory" --wildcards '*/vendor/llama.cpp/*'
}

# Each part says how far it is, and fails the script with the end of its output.
llama_build() {
    local prefix=$1 work
    mkdir -p "$(dirname "$prefix")"
    work=$(mktemp -d "$(dirname "$prefix")/building-llama.XXXXXX")
    llama_configure "$work" "$prefix"
    run_step "llama.cpp: compiling (about four minutes on two cores)" \
        "where memory or disk was short: LLAMA_JOBS=1 needs less memory, $work can go" \
        nice cmake --build "$work/build" -j "${LLAMA_JOBS:-$(nproc)}"
    # Installed under DESTDIR and moved in one step: an interrupted build never looks like a finished one.
    run_step "llama.cpp: installing" "check that the disk has room; $work can go" \
        env DESTDIR="$work/root" cmake --install "$work/build"
    # Somebody else may have finished the same build meanwhile; theirs is as good.
    mv -T "$work/root$prefix" "$prefix" 2>/dev/null || [[ -e $prefix/lib/pkgconfig/llama.pc ]] || return 1
    rm -rf "$work"
}

# llama_configure WORK PREFIX [FLAG…]: the source, unpacked and configured in directory WORK; later flags win.
llama_configure() {
    local work=$1 prefix=$2 source flags
    shift 2
    run_step "llama.cpp: fetching the source package llama-cpp-python $LLAMA_VERSION" \
        "see what pip says above, check that it reaches PyPI, and run this again; $work can go" llama_fetch "$work"
    source=$(echo "$work"/llama_cpp_python-*/vendor/llama.cpp)
    # Our own part, which the tools do without.
    (($# > 0)) || echo "add_subdirectory(\"$LLAMA_TEXT\" gatehouse)" >>"$source/CMakeLists.txt"
    mapfile -t flags < <(llama_cmake_flags)
    run_step "llama.cpp: configuring" "check that these packages are installed: ${LLAMA_PACKAGES[*]}; the files are in $work" \
        cmake -S "$source" -B "$work/build" -G Ninja -DCMAKE_INSTALL_PREFIX="$prefix" "${flags[@]}" "$@"
}

# llama_tools: the engine's own server and its quantiser of the same source with the same flags, for comparison; sets
# LLAMA_TOOLS to the folder with the programs.
llama_tools() {
    local prefix work
    prefix="$(gatehouse_cache)/llama-tools-$LLAMA_VERSION-$(llama_identity)"
    LLAMA_TOOLS=$prefix/bin
    [[ ! -x $LLAMA_TOOLS/llama-server ]] || return 0
    mkdir -p "$(dirname "$prefix")"
    work=$(mktemp -d "$(dirname "$prefix")/building-llama.XXXXXX")
    # Without the last two flags it wants to fetch a web page.
    llama_configure "$work" "$prefix" -DLLAMA_BUILD_TOOLS=ON -DLLAMA_BUILD_SERVER=ON -DLLAMA_BUILD_UI=OFF \
        -DLLAMA_USE_PREBUILT_UI=OFF -DCMAKE_BUILD_RPATH_USE_ORIGIN=ON
    run_step "llama.cpp: compiling its server (about six minutes on two cores)" "see above; $work can go" \
        nice cmake --build "$work/build" -j "${LLAMA_JOBS:-$(nproc)}" --target llama-server llama-quantize ggml-cpu
    mkdir -p "$prefix"
    mv -T "$work/build/bin" "$prefix/bin"
    rm -rf "$work"
}

llama_prepare() {
    LLAMA_PREFIX="$(gatehouse_cache)/llama-$LLAMA_VERSION-$(llama_identity "$LLAMA_TEXT"/*)"
    if [[ ! -e $LLAMA_PREFIX/lib/pkgconfig/llama.pc ]]; then
        llama_build "$LLAMA_PREFIX" || return 1
    fi
    # shellcheck disable=SC2034
    LLAMA_BACKENDS=$LLAMA_PREFIX/lib
    # shellcheck disable=SC2034
    LLAMA_SWIFT_FLAGS=(--traits Llama -Xlinker -rpath -Xlinker "$LLAMA_PREFIX/lib")
    export PKG_CONFIG_PATH="$LLAMA_PREFIX/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
}
