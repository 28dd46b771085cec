/// One of the answers to `{"inputs": …}` of a model that generates: the call's answer is a list of them.
package struct GeneratedText: Encodable, Equatable, Sendable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    private enum CodingKeys: String, CodingKey {
        case text = "generated_text"
    }
}

/// The answer to a question about a context.
package struct QuestionAnswer: Encodable, Equatable, Sendable {
    package let answer: String

    package init(_ answer: String) {
        self.answer = answer
    }
}
