/// The forms of events that are known: OpenAI's chats, completions and responses, Anthropic's messages, Ollama's and KServe's
/// lines, and TGI's tokens.
extension AssembledStream {
    /// - Returns: whether the event is of a known form.
    mutating func take(_ event: JSONTree) -> Bool {
        let isError = takeError(event["error"])
        if let choices = event["choices"] {
            for (place, choice) in choices.elements.enumerated() {
                let index = choice["index"]?.integer ?? place
                take(delta: choice["delta"] ?? choice["message"] ?? choice, of: index)
                note(.finish, choice["finish_reason"], of: index)
            }
            return true
        }
        if let type = event["type"]?.string, type.hasPrefix("response.") {
            takeResponse(event, type)
            return true
        }
        return takeMessage(event) || takeLine(event) || isError
    }

    private mutating func takeError(_ error: JSONTree?) -> Bool {
        guard let error, error != .word("null") else { return false }
        note(.error, .text((error["message"] ?? error).shown))
        return true
    }

    /// What a part of an answer brings; `call` is the number of the tool call that it may be of.
    private mutating func take(delta: JSONTree, of choice: Int = 0, call: Int = 0) {
        for name in Self.texts { say(.text, delta[name], of: choice) }
        for element in delta["content"]?.elements ?? [] {
            if Self.isPiece(element) { take(delta: element, of: choice) } else { keep(element, of: choice) }
        }
        say(.text, delta["audio"]?["transcript"], of: choice)
        // Some servers send it under two names.
        let reasoning = ["reasoning_content", "reasoning", "thinking"].lazy.compactMap { delta[$0]?.string }
        say(.reasoning, reasoning.first.map { .text($0) }, of: choice)
        for element in delta["thinking"]?.elements ?? [] { say(.reasoning, element["text"], of: choice) }
        say(.refusal, delta["refusal"], of: choice)
        say(.callArguments, delta["partial_json"], of: choice, call: call)
        takeCall(delta["function_call"], of: choice, number: 0)
        for (place, call) in (delta["tool_calls"]?.elements ?? []).enumerated() {
            let function = call["function"] ?? call["custom"]
            let index = (call["index"] ?? function?["index"])?.integer
            calls[choice, default: StreamedCalls()].meet(
                index ?? place,
                id: call["id"]?.filled,
                isNamed: function?["name"]?.filled != nil,
                isIndexed: index != nil
            )
            takeCall(function, of: choice, number: index ?? place)
        }
    }

    private mutating func takeCall(_ function: JSONTree?, of choice: Int, number: Int) {
        say(.callName, function?["name"], of: choice, call: number)
        say(.callArguments, function?["arguments"] ?? function?["input"], of: choice, call: number)
    }

    /// Of OpenAI's responses.
    private mutating func takeResponse(_ event: JSONTree, _ type: String) {
        let number = event["output_index"]?.integer ?? 0
        switch type {
        case "response.completed", "response.incomplete", "response.failed", "response.cancelled":
            let response = event["response"]
            _ = takeError(response?["error"])
            note(.finish, response?["incomplete_details"]?["reason"] ?? response?["status"])
            end()
        case "response.output_item.added", "response.output_item.done":
            note(.callName, event["item"]?["name"], call: number)
            note(.callArguments, event["item"]?["arguments"] ?? event["item"]?["input"], call: number)
        default: say(Self.kind(ofResponse: type), event["delta"], call: number)
        }
    }

    private static func kind(ofResponse type: String) -> Kind {
        if type.contains("reasoning") { return .reasoning }
        if type.contains("refusal") { return .refusal }
        return ["_arguments.", "_input.", "_code."].contains { type.contains($0) } ? .callArguments : .text
    }

    /// Of Anthropic's messages, whose tool calls have the numbers of their blocks.
    private mutating func takeMessage(_ event: JSONTree) -> Bool {
        let number = event["index"]?.integer ?? 0
        switch event["type"]?.string {
        case "message_stop": end()
        case "content_block_start":
            guard let block = event["content_block"] else { return false }
            take(delta: block)
            note(.callName, block["name"], call: number)
        default:
            guard let delta = event["delta"], Self.isKnown(delta, of: event["type"]?.string) else { return false }
            say(.text, delta.string.map { .text($0) })
            take(delta: delta, call: number)
            note(.finish, delta["stop_reason"])
            note(.stopSequence, delta["stop_sequence"])
        }
        return true
    }

    private static func isKnown(_ delta: JSONTree, of type: String?) -> Bool {
        if type == "content_block_delta" || type == "message_delta" { return true }
        let known = texts + ["reasoning_content", "thinking", "refusal"]
        return delta.string != nil || known.contains { delta[$0]?.string != nil }
            || delta["thinking"]?.elements.isEmpty == false
    }

    /// Whether what it says goes on in the next one, or it says nothing: all but an object by itself, such as a page that was
    /// found.
    private static func isPiece(_ element: JSONTree) -> Bool {
        guard case .object(let members) = element else { return false }
        return members.allSatisfy { labels.contains($0.name) }
            || members.contains { member in
                if case .object = member.value, texts.contains(member.name) { return false }
                return pieces.contains(member.name)
            }
    }

    private static let texts = ["content", "text"]
    /// Members that `take(delta:)` reads.
    private static let pieces: Set<String> = [
        "audio", "content", "function_call", "partial_json", "reasoning", "reasoning_content", "refusal", "text",
        "thinking",
        "tool_calls",
    ]
    private static let labels: Set<String> = ["id", "index", "type"]

    /// Of Ollama, KServe and TGI.
    private mutating func takeLine(_ event: JSONTree) -> Bool {
        let message = event["message"]
        let isMessage = message?["content"]?.string != nil || message?["tool_calls"] != nil
        let text = event["token"]?["text"]?.string ?? event["response"]?.string ?? event["text_output"]?.string
        guard isMessage || text != nil else { return false }
        if let message { take(delta: message) }
        say(.text, text.map { .text($0) })
        say(.reasoning, event["thinking"])
        note(.finish, event["done_reason"] ?? event["details"]?["finish_reason"])
        if event["done"] == .word("true") || event["generated_text"]?.string != nil { end() }
        return true
    }
}

extension JSONTree {
    fileprivate var integer: Int? { Int(shown) }

    /// A text that says something: some servers send empty ones with every piece.
    fileprivate var filled: String? { string.flatMap { $0.isEmpty ? nil : $0 } }
}
