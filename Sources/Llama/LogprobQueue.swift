#if Llama
    import GatewayAPI

    /// What is to be told of tokens, held back until their text is given out.
    struct LogprobQueue {
        private let count: Int
        private var held: [(start: Int, logprob: TokenLogprob)] = []
        private var end = 0

        /// `count` likely ones are told beside each token.
        init(count: Int) {
            self.count = count
        }

        /// Tokens without text, such as the one that ends the answer, are not told of: nor are they in it.
        mutating func add(
            _ token: Int32,
            _ sampler: Sampler,
            _ context: Context,
            _ position: Int,
            _ model: Model
        ) throws(EngineFailure) {
            let size = model.piece(of: token).count
            guard size > 0, !model.isEnd(token) else { return }
            held.append((end, try sampler.logprob(of: token, beside: count, context, at: position)))
            end += size
        }

        /// Those of which some text was given out by now; a token behind a stop string never is.
        mutating func take(upTo emitted: Int) -> [TokenLogprob] {
            let count = held.firstIndex { $0.start >= emitted } ?? held.count
            defer { held.removeFirst(count) }
            return held.prefix(count).map(\.logprob)
        }
    }
#endif
