#if Llama
    import CLlama

    /// Makes vectors of texts, several in one step.
    ///
    /// Used from one thread only.
    ///
    /// Safe because the pointer is private to the module's thread and dies with its one owner.
    @safe
    final class EmbeddingContext {
        private let pointer: OpaquePointer
        /// The context borrows the model: it must not go first.
        private let model: Model
        private let size: Int

        /// - Parameters:
        ///   - tokens: of one step, all texts together.
        ///   - texts: of one step.
        init(_ model: Model, tokens: Int, texts: Int, threads: Int) throws(EngineFailure) {
            let shape = ContextShape(
                sequences: texts,
                tokens: tokens,
                step: tokens,
                threads: threads,
                makesVectors: true
            )
            unsafe pointer = try shape.make(model)
            self.model = model
            size = model.vectorSize
        }

        deinit { unsafe llama_free(pointer) }

        /// A vector of length one for each text.
        ///
        /// - Parameter batch: room for all tokens of the texts, whose numbers are their sequences'.
        func embed(_ texts: [[Int32]], _ batch: inout Batch) throws(EngineFailure) -> [[Float]] {
            batch.fill(
                texts.enumerated().flatMap { slot, tokens in
                    tokens.enumerated().map { Schedule.Entry(slot: slot, token: $1, position: $0, wantsOutput: true) }
                }
            )
            try compute(batch)
            var vectors: [[Float]] = []
            for index in texts.indices { vectors.append(try vector(index)) }
            return vectors
        }

        private func compute(_ batch: borrowing Batch) throws(EngineFailure) {
            // Only models that are decoders by nature have a memory, of which nothing is wanted afterwards.
            let memory = unsafe llama_get_memory(pointer)
            let code: Int32
            if unsafe memory == nil {
                code = unsafe llama_encode(pointer, batch.raw)
            } else {
                unsafe llama_memory_clear(memory, true)
                code = unsafe llama_decode(pointer, batch.raw)
            }
            guard code == 0 else { throw .decodeFailed(code: Int(code)) }
            unsafe llama_synchronize(pointer)
        }

        private func vector(_ index: Int) throws(EngineFailure) -> [Float] {
            guard let start = unsafe llama_get_embeddings_seq(pointer, Int32(clamping: index)) else {
                throw .decodeFailed(code: 0)
            }
            let values = unsafe UnsafeBufferPointer(start: start, count: size)
            let length = unsafe values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            guard length.isFinite else { throw .decodeFailed(code: 0) }
            let scale = length > 0 ? 1 / length : 0
            return unsafe values.map { Float(Double($0) * scale) }
        }
    }
#endif
