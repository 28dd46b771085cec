#if Llama
    import GatewayAPI

    /// Turns what a caller asks into the tokens that the model reads, or says why that cannot be.
    struct PromptReader {
        let model: Model
        let template: ChatTemplate?
        let context: Int

        var canChat: Bool { template != nil }

        func read(_ prompt: Prompt) throws(EngineFailure) -> [Int32] {
            // A text that cannot fit is refused before anything is done with it: megabytes would take seconds, during
            // which nobody gets an answer.
            let atLeast = max(size(of: prompt) / model.longestPiece, turns(of: prompt))
            guard atLeast < context else { throw .promptTooLong(tokens: atLeast, context: context, isExact: false) }
            guard let tokens = model.tokens(of: try text(of: prompt)) else { throw .untokenisable }
            guard !tokens.isEmpty else { throw .emptyPrompt }
            guard tokens.count < context else {
                throw .promptTooLong(tokens: tokens.count, context: context, isExact: true)
            }
            return tokens
        }

        /// Each has a token at least that says whose it is.
        private func turns(of prompt: Prompt) -> Int {
            if case .chat(let messages) = prompt { messages.count } else { 0 }
        }

        private func size(of prompt: Prompt) -> Int {
            switch prompt {
            case .text(let text): text.utf8.count
            case .chat(let messages): messages.reduce(0) { $0 + $1.content.utf8.count }
            }
        }

        private func text(of prompt: Prompt) throws(EngineFailure) -> String {
            switch prompt {
            case .text(let text): return text
            case .chat(let messages):
                guard let template else { throw .noTemplate }
                return try template.apply(messages)
            }
        }
    }
#endif
