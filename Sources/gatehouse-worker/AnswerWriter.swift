import Foundation
import GatewayAPI

/// Writes the text that the model generates in the form that was asked for: one JSON object, or server-sent events.
struct AnswerWriter {
    /// Which of the two APIs that generate text was asked.
    enum Form {
        case chat
        case completion
    }

    let form: Form
    let includesUsage: Bool
    let model: String
    /// Code points of the answer's text that were written.
    private var written = 0
    private let id: String
    private let created = Clock.seconds
    private let encoder: JSONEncoder
    private var frame: ChunkFrame?

    init(_ form: Form, model: String, includesUsage: Bool) {
        self.form = form
        self.model = model
        self.includesUsage = includesUsage
        let random = UUID().uuidString.lowercased().filter { $0 != "-" }
        id = form == .chat ? "chatcmpl-\(random)" : "cmpl-\(random)"
        encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
    }

    /// `logprobs` is nil where they were not asked for.
    func whole(
        _ text: String,
        _ logprobs: [TokenLogprob]?,
        _ reason: FinishReason,
        _ usage: Usage
    ) throws -> [UInt8] {
        switch form {
        case .chat:
            let message = ChatChoice.Text(role: "assistant", content: text)
            let choice = ChatChoice(message: message, logprobs: logprobs.map(ChatLogprobs.init), finishReason: reason)
            return try answer("chat.completion", [choice], .some(usage))
        case .completion:
            let logprobs = logprobs.map { TextLogprobs($0, from: 0) }
            let choice = TextChoice(text: text, logprobs: logprobs, finishReason: reason)
            return try answer("text_completion", [choice], .some(usage))
        }
    }

    /// What opens a stream: chat says who speaks, completions say nothing.
    func opening() throws -> [UInt8] {
        guard form == .chat else { return [] }
        return try chunk(ChatChoice(delta: .init(role: "assistant", content: "")))
    }

    mutating func piece(_ text: String, _ logprobs: [TokenLogprob]?) throws -> [UInt8] {
        guard logprobs != nil else {
            let frame = try frame ?? ChunkFrame(try encoded("", nil), name: form == .chat ? "content" : "text")
            self.frame = frame
            return frame.around(text)
        }
        return try encoded(text, logprobs)
    }

    private mutating func encoded(_ text: String, _ logprobs: [TokenLogprob]?) throws -> [UInt8] {
        switch form {
        case .chat: return try chunk(ChatChoice(delta: .init(content: text), logprobs: logprobs.map(ChatLogprobs.init)))
        case .completion:
            let told = logprobs.map { TextLogprobs($0, from: written) }
            written += logprobs?.reduce(0) { $0 + TextLogprobs.length(of: $1) } ?? 0
            return try chunk(TextChoice(text: text, logprobs: told, finishReason: nil))
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
