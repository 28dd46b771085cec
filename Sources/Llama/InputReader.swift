#if Llama
    import GatewayAPI

    /// Turns the texts of an embedding request into the tokens that the model reads, or says why that cannot be.
    struct InputReader {
        let model: Model
        /// Tokens that one text may have.
        let most: Int

        /// Refuses what cannot fit before anything is done with it: megabytes would take seconds.
        func check(_ inputs: [EmbeddingInput]) throws(EngineFailure) {
            for (index, input) in inputs.enumerated() {
                let place = place(index, of: inputs.count)
                switch input {
                case .text(let text):
                    let atLeast = model.leastTokens(of: text)
                    guard atLeast <= most else {
                        throw .inputTooLong(tokens: atLeast, most: most, isExact: false, place: place)
                    }
                    guard model.isReadable(text) else { throw .textTooLong(bytes: Model.longestText) }
                case .tokens(let tokens):
                    guard !tokens.isEmpty else { throw .emptyInput(place: place) }
                    guard tokens.count <= most else {
                        throw .inputTooLong(tokens: tokens.count, most: most, isExact: true, place: place)
                    }
                    let last = Int32(clamping: model.vocabularySize - 1)
                    guard let bad = tokens.first(where: { $0 < 0 || $0 > last }) else { continue }
                    throw .unknownToken(bad, last: last, place: place)
                }
            }
        }

        /// The tokens of one that was checked; tokens are taken as they are, without the marks that a text gets.
        func read(_ index: Int, of inputs: [EmbeddingInput]) throws(EngineFailure) -> [Int32] {
            switch inputs[index] {
            case .tokens(let tokens): return tokens
            case .text(let text):
                let place = place(index, of: inputs.count)
                guard let tokens = model.tokens(of: text) else { throw .untokenisable }
                guard !tokens.isEmpty else { throw .emptyInput(place: place) }
                guard tokens.count <= most else {
                    throw .inputTooLong(tokens: tokens.count, most: most, isExact: true, place: place)
                }
                return tokens
            }
        }

        private func place(_ index: Int, of count: Int) -> Int? { count == 1 ? nil : index }
    }
#endif
