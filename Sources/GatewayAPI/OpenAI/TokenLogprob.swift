/// How likely the model held a token that it wrote, and which others it held likely there.
///
/// Natural logarithms of the model's own probabilities, before temperature, penalties, bias and grammar.
package struct TokenLogprob: Equatable, Sendable, Encodable {
    /// A token and its logarithm.
    package struct Candidate: Equatable, Sendable, Encodable {
        package let bytes: [UInt8]
        package let logprob: Double

        package init(bytes: [UInt8], logprob: Double) {
            self.bytes = bytes
            // As the API writes what is next to impossible: JSON has no infinity.
            self.logprob = logprob > -9999 ? logprob : -9999
        }

        /// The text, which half a character has none of.
        package var token: String { String(decoding: bytes, as: UTF8.self) }

        package func encode(to encoder: any Encoder) throws {
            try encode(into: encoder.container(keyedBy: CodingKeys.self))
        }

        fileprivate func encode(into container: KeyedEncodingContainer<CodingKeys>) throws {
            var container = container
            try container.encode(token, forKey: .token)
            try container.encode(logprob, forKey: .logprob)
            try container.encode(bytes, forKey: .bytes)
        }
    }

    fileprivate enum CodingKeys: String, CodingKey {
        case token
        case logprob
        case bytes
        case top = "top_logprobs"
    }

    package let chosen: Candidate
    /// The likeliest, in falling order; as many as were asked for.
    package let top: [Candidate]

    package init(chosen: Candidate, top: [Candidate]) {
        self.chosen = chosen
        self.top = top
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try chosen.encode(into: container)
        try container.encode(top, forKey: .top)
    }
}

/// The `logprobs` of a chat choice.
package struct ChatLogprobs: Equatable, Sendable, Encodable {
    package let content: [TokenLogprob]

    package init(_ content: [TokenLogprob]) {
        self.content = content
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(content, forKey: .content)
        try container.encodeNil(forKey: .refusal)
    }

    private enum CodingKeys: String, CodingKey {
        case content
        case refusal
    }
}

/// The `logprobs` of a choice of the older completions API: lists side by side.
package struct TextLogprobs: Equatable, Sendable, Encodable {
    package let tokens: [String]
    package let tokenLogprobs: [Double]
    package let topLogprobs: [[String: Double]]
    /// Where each token begins in the answer's text, in Unicode code points.
    package let textOffset: [Int]

    /// `offset` is where the first token begins.
    package init(_ logprobs: [TokenLogprob], from offset: Int) {
        tokens = logprobs.map(\.chosen.token)
        tokenLogprobs = logprobs.map(\.chosen.logprob)
        topLogprobs = logprobs.map { entry in
            // The API always has the chosen one among them. Two tokens may have the same text.
            let pairs = (entry.top + [entry.chosen]).map { ($0.token, $0.logprob) }
            return Dictionary(pairs) { max($0, $1) }
        }
        var offset = offset
        textOffset = logprobs.map { entry in
            defer { offset += Self.length(of: entry) }
            return offset
        }
    }

    /// Code points that begin in a token.
    package static func length(of logprob: TokenLogprob) -> Int {
        logprob.chosen.bytes.count { $0 & 0xC0 != 0x80 }
    }

    private enum CodingKeys: String, CodingKey {
        case tokens
        case tokenLogprobs = "token_logprobs"
        case topLogprobs = "top_logprobs"
        case textOffset = "text_offset"
    }
}
