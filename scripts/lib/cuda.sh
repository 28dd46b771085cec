# shellcheck shell=bash
# Builds llama.cpp's CUDA backend: one more loadable module beside those for the processor. Sourced after llama.sh.
#
#   cuda_prepare   builds it for this machine's GPUs when it is not there yet, and puts it where workers look for backends
#
# The compiler is the system's nvcc (CUDA_HOME, the path, /usr/local/cuda), else NVIDIA's own packages on PyPI, pinned and
# checked, under NVIDIA's licence. GATEHOUSE_CUDA_ARCHITECTURES (for instance "86-real;90-real") says for which GPUs to
# build where they are not in this machine.

CUDA_PACKAGES=(
    "nvidia-cuda-nvcc==13.5.37 --hash=sha256:f5c4f7ead5d964fb4af42bbf1e6d3ec3c1e6e9d83b53749f691d387e7fcaa3a7"
    "nvidia-nvvm==13.5.37 --hash=sha256:c41bfa362e407405163f103c2229f0765f8cc2ed7d148b754dc77f228bf7e070"
    "nvidia-cuda-crt==13.5.37 --hash=sha256:e898b7f73d3035fa89915a3f7bf3b54a73e90249746111aed295822c4729bb29"
    "nvidia-cuda-runtime==13.5.37 --hash=sha256:df2b79a8852f10d1fef8c848489c49eebb5754051bf870202a862831412b179d"
    "nvidia-cuda-cccl==13.3.5.0.6 --hash=sha256:d5230098fa2df5021e1a00c0c4eee41797671a91119d31e892463e5ccf3ee326"
    "nvidia-cublas==13.10.0.20 --hash=sha256:dcc6d63884c53d07e267ce7e6feac17b2538cebaafec5db865736c3e28e4dc84"
)

# The compute capabilities of the GPUs in this machine, as CMake wants them: each once.
cuda_architectures() {
    if [[ -n ${GATEHOUSE_CUDA_ARCHITECTURES:-} ]]; then
        printf '%s\n' "$GATEHOUSE_CUDA_ARCHITECTURES"
        return
    fi
    nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null |
        sed -n 's/^ *\([0-9]*\)\.\([0-9]\) *$/\1\2-real/p' | sort -u | paste -sd ';'
}

# Where a whole toolkit is installed, or nothing.
cuda_system_toolkit() {
    local compiler
    for compiler in "${CUDA_HOME:-/nowhere}/bin/nvcc" "$(command -v nvcc || true)" /usr/local/cuda/bin/nvcc; do
        [[ -x $compiler ]] || continue
        compiler=$(readlink -f "$compiler")
        # Debian's own package has the compiler in /usr/bin and the rest under /usr/lib: that is /usr here.
        printf '%s\n' "${compiler%/bin/nvcc}"
        return
    done
}

# Fetches the packages into directory $1 and makes one tree of them there.
cuda_fetch() {
    local directory=$1 toolkit=$1/nvidia/cu13 library
    printf '%s\n' "${CUDA_PACKAGES[@]}" >"$directory/requirements.txt"
    python3 -m pip --disable-pip-version-check download --no-deps --only-binary :all: --require-hashes \
        --dest "$directory/download" --requirement "$directory/requirements.txt" || return 1
    for library in "$directory"/download/*.whl; do
        python3 -m zipfile -e "$library" "$directory" || return 1
    done
    rm -rf "$directory/download"
    # What wheels do not carry: modes and links.
    chmod -R u+x "$toolkit/bin" "$toolkit/nvvm/bin"
    ln -sfn lib "$toolkit/lib64"
    for library in "$toolkit"/lib/lib*.so.*; do
        ln -sf "${library##*/}" "${library%%.so.*}.so"
    done
}

# Sets `toolkit`.
cuda_toolkit() {
    local home identity work
    toolkit=$(cuda_system_toolkit)
    [[ -z $toolkit ]] || return 0
    identity=$(printf '%s\n' "${CUDA_PACKAGES[@]}" | sha256sum | cut -c 1-12)
    home=$(gatehouse_cache)/cuda-$identity
    toolkit=$home/nvidia/cu13
    [[ ! -x $toolkit/bin/nvcc ]] || return 0
    mkdir -p "$(gatehouse_cache)"
    work=$(mktemp -d "$(gatehouse_cache)/fetching-cuda.XXXXXX")
    run_step "CUDA: fetching NVIDIA's compiler and libraries from PyPI (550 MB)" \
        "see what pip says above, or install a CUDA toolkit and set CUDA_HOME; $work can go" cuda_fetch "$work"
    mv -T "$work" "$home"
}

# The module must be of the same source as the engine's libraries: it is built from it and lies in their directory.
cuda_build() {
    local toolkit=$1 architectures=$2 work source flags
    work=$(mktemp -d "$(gatehouse_cache)/building-cuda.XXXXXX")
    run_step "CUDA: fetching the source package llama-cpp-python $LLAMA_VERSION" \
        "see what pip says above, check that it reaches PyPI; $work can go" llama_fetch "$work"
    source=$(echo "$work"/llama_cpp_python-*/vendor/llama.cpp)
    mapfile -t flags < <(llama_cmake_flags)
    # The libraries of the toolkit are found where it was at build time; a memory pool by virtual addresses needs the
    # driver's own library, which is not there to link with on a machine without one.
    # shellcheck disable=SC2016  # $ORIGIN is for the dynamic linker
    flags+=(-DGGML_CPU=OFF -DGGML_CUDA=ON -DGGML_CUDA_NO_VMM=ON -DGGML_CUDA_NCCL=OFF
        "-DCMAKE_CUDA_ARCHITECTURES=$architectures" "-DCMAKE_CUDA_COMPILER=$toolkit/bin/nvcc"
        "-DCUDAToolkit_ROOT=$toolkit" -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON
        "-DCMAKE_INSTALL_RPATH=\$ORIGIN;$toolkit/lib64;$toolkit/lib")
    run_step "CUDA: configuring for $architectures" "see whether the toolkit at $toolkit is whole; the files are in $work" \
        cmake -S "$source" -B "$work/build" -G Ninja "${flags[@]}"
    run_step "CUDA: compiling (a quarter of an hour for each kind of GPU on two cores)" \
        "where memory was short: LLAMA_JOBS=1 needs less; the files are in $work" \
        nice cmake --build "$work/build" -j "${LLAMA_JOBS:-$(nproc)}" --target ggml-cuda
    # Moved in one step: a worker that starts now finds all of it or nothing.
    cp "$(find "$work/build" -name libggml-cuda.so -print -quit)" "$LLAMA_BACKENDS/.libggml-cuda.so"
    mv "$LLAMA_BACKENDS/.libggml-cuda.so" "$LLAMA_BACKENDS/libggml-cuda.so"
    printf '%s\n' "$architectures" >"$LLAMA_BACKENDS/libggml-cuda.architectures"
    rm -rf "$work"
}

cuda_prepare() {
    local architectures toolkit
    architectures=$(cuda_architectures)
    [[ -n $architectures ]] || fail "no NVIDIA GPU is in this machine (nvidia-smi tells of none)" \
        "leave out --cuda, or say for which GPUs to build: GATEHOUSE_CUDA_ARCHITECTURES=90-real scripts/quickstart --cuda"
    if [[ -e $LLAMA_BACKENDS/libggml-cuda.so && \
        $(cat "$LLAMA_BACKENDS/libggml-cuda.architectures" 2>/dev/null) == "$architectures" ]]; then
        step "CUDA backend: $LLAMA_BACKENDS/libggml-cuda.so is built"
        return 0
    fi
    cuda_toolkit
    cuda_build "$toolkit" "$architectures"
}
