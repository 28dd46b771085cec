#if Llama
    import GatewayAPI

    /// Turns what a caller asks into the tokens that the model reads, or says why that cannot be.
    struct PromptReader {
        let model: Model
        let template: ChatTemplate?
        let context: Int

        var canChat: Bool { template != nil || model.kind == .encoderDecoder }

        func read(_ prompt: Prompt) throws(EngineFailure) -> [Int32] {
            // A text that cannot fit is refused before anything is done with it: megabytes would take seconds, during
            // which nobody gets an answer.
            let atLeast = max(leastTokens(of: prompt), turns(of: prompt))
            try check(atLeast, isExact: false)
            let text = try text(of: prompt)
            guard model.isReadable(text) else { throw .textTooLong(bytes: Model.longestText) }
            guard let tokens = model.tokens(of: text) else { throw .untokenisable }
            // What encoders read ends with a mark: of an empty text too.
            guard !tokens.isEmpty, !text.isEmpty || model.kind == .decoder else { throw .emptyPrompt }
            try check(tokens.count, isExact: true)
            return tokens
        }

        /// An encoder's text has the context for itself.
        private func check(_ tokens: Int, isExact: Bool) throws(EngineFailure) {
            if model.kind == .encoderDecoder {
                guard tokens <= context else {
                    throw .inputTooLong(tokens: tokens, most: context, isExact: isExact, place: nil)
                }
            } else {
                guard tokens < context else { throw .promptTooLong(tokens: tokens, context: context, isExact: isExact) }
            }
        }

        /// Each has a token at least that says whose it is.
        private func turns(of prompt: Prompt) -> Int {
            if case .chat(let messages) = prompt { messages.count } else { 0 }
        }

        private func leastTokens(of prompt: Prompt) -> Int {
            switch prompt {
            case .text(let text): model.leastTokens(of: text)
            case .chat(let messages): model.leastTokens(of: messages.lazy.map(\.content).joined())
            case .inputs: 0
            }
        }

        private func text(of prompt: Prompt) throws(EngineFailure) -> String {
            switch prompt {
            case .text(let text): return text
            case .inputs: throw .wrongKind(model.kind)
            case .chat(let messages):
                if model.kind == .encoderDecoder { return try onlyMessage(of: messages) }
                guard let template else { throw .noTemplate }
                return try template.apply(messages)
            }
        }

        /// What reads one text and writes another has no place for what was said before, nor for instructions beside it: to
        /// leave them out would be to answer another question.
        private func onlyMessage(of messages: [ChatMessage]) throws(EngineFailure) -> String {
            guard let message = messages.first, messages.count == 1, message.role == .user else {
                throw .refusedField("messages", "a text-to-text model takes one message, of the user")
            }
            return message.content
        }
    }
#endif
