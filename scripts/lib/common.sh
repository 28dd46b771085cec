# Sourced by the scripts: steps with elapsed time, packages by name, folders, Python environments.
# shellcheck shell=bash

export LC_ALL=C.UTF-8
started_at=$EPOCHREALTIME
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${GATEHOUSE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gatehouse}
mkdir -p "$cache"

# Seconds since the script started, with one decimal.
elapsed() {
    local microseconds=$((${EPOCHREALTIME/./} - ${started_at/./}))
    printf '%d.%d' $((microseconds / 1000000)) $((microseconds / 100000 % 10))
}

step() { printf '[%6s s] %s\n' "$(elapsed)" "$*"; }

# fail WHAT HINT: says what broke and what to do about it, and ends the script.
fail() {
    printf '[%6s s] failed: %s\n' "$(elapsed)" "$1" >&2
    printf '           what to do: %s\n' "$2" >&2
    exit 1
}

# Says every now and then what the last line of a log is: on a terminal each second, otherwise every 30 s.
watch_log() {
    local text=$1 log=$2 pause=30 line silence
    [[ ! -t 1 ]] || pause=1
    # Waiting on a pipe that nobody writes to: a `sleep` would outlive the watcher and hold its output open.
    exec {silence}<> <(:)
    while ! read -r -t "$pause" -u "$silence" line; do
        line=$(tail -n 1 "$log" 2>/dev/null | tr -d '\r' | cut -c 1-60)
        if [[ -t 1 ]]; then
            printf '\r\033[K[%6s s] %s: %s' "$(elapsed)" "$text" "$line"
        else
            step "still $text: $line"
        fi
    done
}

# run_step TEXT HINT COMMAND…: the command's output goes to a log; its end is shown only when it fails.
run_step() {
    local text=$1 hint=$2 log=$cache/logs/$EPOCHREALTIME-$$.log watcher code=0
    shift 2
    mkdir -p "$cache/logs"
    step "$text …"
    watch_log "$text" "$log" &
    watcher=$!
    "$@" >"$log" 2>&1 </dev/null || code=$?
    kill "$watcher" 2>/dev/null || true
    wait "$watcher" 2>/dev/null || true
    [[ ! -t 1 ]] || printf '\r\033[K'
    if ((code != 0)); then
        tail -n 25 "$log" >&2
        fail "$text (whole output: $log)" "$hint"
    fi
    rm -f "$log"
}

# The packages among the arguments that dpkg does not know as installed.
missing_packages() {
    local package
    for package in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
    done
}

# need_packages NAME…: installs the missing ones, saying which, as root or through sudo.
need_packages() {
    local missing as_root=()
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]} > 0)) || return 0
    if ((EUID != 0)); then
        command -v sudo >/dev/null || fail "packages are missing: ${missing[*]}" "as root: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    step "will install with apt-get${as_root[0]:+ through sudo}: ${missing[*]}"
    run_step "updating the package lists" "check the network and /etc/apt/sources.list" \
        "${as_root[@]}" apt-get update
    run_step "installing ${missing[*]}" "run: apt-get install ${missing[*]}" \
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

# Python from the distribution, unless the python3 on the path can already make environments.
need_python() {
    python3 -c 'import ensurepip, ssl, venv' 2>/dev/null || need_packages python3 python3-venv python3-pip
}

# need_swift: the toolchain is the one thing that the scripts do not install.
need_swift() {
    command -v swift >/dev/null ||
        fail "swift is not on the path" "install Swift 6.3 for Debian 12 from https://www.swift.org/install/linux/ and run this again"
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    [[ $(printf '6.3\n%s\n' "$version" | sort -V | head -n 1) == 6.3 ]] ||
        fail "Swift $version is too old" "install Swift 6.3 or newer from https://www.swift.org/install/linux/"
}

# python_environment NAME LOCK: a virtual environment in the cache, made again when the lock file changes.
python_environment() {
    local name=$1 lock=$2 sum
    sum=$(sha256sum "$lock" | cut -c 1-12)
    environment=$cache/python/$name-$sum
    [[ -e $environment/complete ]] && return 0
    need_python
    rm -rf "$environment"
    run_step "making the Python environment $name" "check that python3 -m venv works" python3 -m venv "$environment"
    run_step "installing the Python packages of ${lock#"$repository"/}" "check that pip reaches its index" \
        "$environment/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$lock"
    touch "$environment/complete"
}
