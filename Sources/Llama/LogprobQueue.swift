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
        ///
        /// - Parameter piece: the token's text, as it is in the answer.
        mutating func add(
            _ token: Int32,
            _ piece: [UInt8],
            _ sampler: Sampler,
            _ output: ContextSet.Output
        ) throws(EngineFailure) {
            guard !piece.isEmpty else { return }
            let told = try sampler.logprob(of: token, beside: count, output.context, at: output.position)
            let chosen = TokenLogprob.Candidate(bytes: piece, logprob: told.chosen.logprob)
            held.append((end, TokenLogprob(chosen: chosen, top: told.top)))
            end += piece.count
        }

        /// Those of which some text was given out by now; a token behind a stop string never is.
        mutating func take(upTo emitted: Int) -> [TokenLogprob] {
            let count = held.firstIndex { $0.start >= emitted } ?? held.count
            defer { held.removeFirst(count) }
            return held.prefix(count).map(\.logprob)
        }
    }
#endif
