#if Llama
    import CLlama

    /// How much one of the engine's contexts holds, and how it computes.
    struct ContextShape {
        /// Texts that are in it at once.
        let sequences: Int
        /// Of a sequence or, where they share the room, of all.
        let tokens: Int
        /// Tokens that are computed at once.
        let step: Int
        let threads: Int
        /// Makes vectors of whole texts, and keeps nothing of them.
        var makesVectors = false

        /// A context of this shape, which its owner frees; it borrows the model.
        func make(_ model: Model) throws(EngineFailure) -> OpaquePointer {
            var parameters = unsafe llama_context_default_params()
            unsafe parameters.n_ctx = UInt32(clamping: makesVectors ? tokens : sequences * tokens)
            unsafe parameters.n_batch = UInt32(clamping: step)
            // Where every token may look at every other of its text a step cannot be done in parts.
            unsafe parameters.n_ubatch = UInt32(clamping: step)
            unsafe parameters.n_seq_max = UInt32(clamping: sequences)
            unsafe parameters.n_threads = Int32(clamping: threads)
            unsafe parameters.n_threads_batch = Int32(clamping: threads)
            unsafe parameters.embeddings = makesVectors
            // A memory of its own for each answer: measured about a third faster than a shared one at 16 slots. Texts of which
            // nothing is kept share a step's room, however long each is.
            unsafe parameters.kv_unified = makesVectors
            unsafe parameters.no_perf = true
            guard let pointer = unsafe llama_init_from_model(model.pointer, parameters) else { throw failure }
            guard unsafe Int(llama_n_ctx_seq(pointer)) >= tokens else {
                unsafe llama_free(pointer)
                throw failure
            }
            if let pool = model.threadPool(threads) {
                unsafe llama_attach_threadpool(pointer, pool.pointer, pool.pointer)
            }
            return unsafe pointer
        }

        private var failure: EngineFailure { .contextUnavailable(slots: sequences, context: tokens) }
    }
#endif
