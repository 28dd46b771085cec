import Foundation
import GatewayAPI

/// Writes what the model says in the form that was asked for: one JSON object, or server-sent events.
struct AnswerWriter {
    let form: Inquiry.Form
    let includesUsage: Bool
    let model: String
    private let id: String
    private let created = Clock.seconds
    private let encoder: JSONEncoder

    init(_ form: Inquiry.Form, model: String, includesUsage: Bool) {
        self.form = form
        self.model = model
        self.includesUsage = includesUsage
        let random = UUID().uuidString.lowercased().filter { $0 != "-" }
        id = form == .chat ? "chatcmpl-\(random)" : "cmpl-\(random)"
        encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
    }

    func whole(_ text: String, _ reason: FinishReason, _ usage: Usage) throws -> [UInt8] {
        switch form {
        case .chat:
            let choice = ChatChoice(message: .init(role: "assistant", content: text), finishReason: reason)
            return try answer("chat.completion", [choice], .some(usage))
        case .completion:
            return try answer("text_completion", [TextChoice(text: text, finishReason: reason)], .some(usage))
        }
    }

    /// What opens a stream: chat says who speaks, completions say nothing.
    func opening() throws -> [UInt8] {
        guard form == .chat else { return [] }
        return try chunk(ChatChoice(delta: .init(role: "assistant", content: "")))
    }

    func piece(_ text: String) throws -> [UInt8] {
        switch form {
        case .chat: try chunk(ChatChoice(delta: .init(content: text)))
        case .completion: try chunk(TextChoice(text: text, finishReason: nil))
        }
    }

    func closing(_ reason: FinishReason, _ usage: Usage) throws -> [UInt8] {
        var bytes =
            switch form {
            case .chat: try chunk(ChatChoice(delta: .init(), finishReason: reason))
            case .completion: try chunk(TextChoice(text: "", finishReason: reason))
            }
        if includesUsage {
            switch form {
            case .chat: bytes += try event(answer(chunkName, [ChatChoice](), .some(usage)))
            case .completion: bytes += try event(answer(chunkName, [TextChoice](), .some(usage)))
            }
        }
        return bytes + Array("data: [DONE]\n\n".utf8)
    }

    /// What a stream says when it cannot be finished; no `[DONE]` follows, so that nobody takes it for a whole one.
    func failure(_ refusal: Refusal) throws -> [UInt8] {
        try event(Array(encoder.encode(refusal.body)))
    }

    private var chunkName: String { form == .chat ? "chat.completion.chunk" : "text_completion" }

    private func chunk(_ choice: some Encodable & Sendable) throws -> [UInt8] {
        try event(answer(chunkName, [choice], includesUsage ? .null : .absent))
    }

    private func answer<Choice>(
        _ object: String,
        _ choices: [Choice],
        _ usage: Answer<Choice>.UsageField
    ) throws -> [UInt8] {
        let answer = Answer(id: id, object: object, created: created, model: model, choices: choices, usage: usage)
        return Array(try encoder.encode(answer))
    }

    private func event(_ json: [UInt8]) throws -> [UInt8] {
        Array("data: ".utf8) + json + Array("\n\n".utf8)
    }
}
