/// What a model's answer says of itself, in identifiers and numbers, as spans tell it.
///
/// Of chat and text completions, of OpenAI's responses and of Anthropic's messages, whole or as the events of a stream.
package struct AnswerFacts: Sendable, Equatable {
    private static let mostReasons = 16

    package var id = ""
    /// The model that has answered, by its upstream's name.
    package var model = ""
    /// Of each answer, in the order in which they ended.
    package var finishReasons: [String] = []
    /// Tokens of the prompt that were in a cache, that were put into one, and tokens of thoughts in the answer.
    package var cachedTokens: Int64?
    package var cacheCreationTokens: Int64?
    package var reasoningTokens: Int64?

    package init() {}

    /// Adds what the object says that begins these bytes: an answer, or the data of an event.
    package mutating func read(_ bytes: borrowing Span<UInt8>) { read(bytes, from: 0, isWrapped: false) }

    private mutating func read(_ bytes: borrowing Span<UInt8>, from start: Int, isWrapped: Bool) {
        var (status, details): (String?, Range<Int>?) = (nil, nil)
        var isResponse = false
        _ = JSONScan.members(of: bytes, from: start) { member in
            let (name, value) = (member.name, member.value)
            // Most names are told apart by their length alone.
            switch name.count {
            case 2 where id.isEmpty && JSONScan.matches(bytes, name, "id"):
                id = JSONScan.identifier(bytes, value) ?? ""
            case 5 where JSONScan.matches(bytes, name, "model"):
                if model.isEmpty { model = JSONScan.identifier(bytes, value) ?? "" }
            case 5 where JSONScan.matches(bytes, name, "usage"): readUsage(bytes, from: value.lowerBound)
            case 5 where JSONScan.matches(bytes, name, "delta"): readDelta(bytes, value)
            case 6 where JSONScan.matches(bytes, name, "object"):
                isResponse = JSONScan.identifier(bytes, value) == "response"
            case 6 where JSONScan.matches(bytes, name, "status"): status = JSONScan.identifier(bytes, value)
            case 7 where JSONScan.matches(bytes, name, "choices"): readChoices(bytes, value)
            // Anthropic's first event and OpenAI's of responses have all in there.
            case 7 where JSONScan.matches(bytes, name, "message"), 8 where JSONScan.matches(bytes, name, "response"):
                if !isWrapped { read(bytes, from: value.lowerBound, isWrapped: true) }
            case 11 where JSONScan.matches(bytes, name, "stop_reason"): end(JSONScan.identifier(bytes, value))
            case 18 where JSONScan.matches(bytes, name, "incomplete_details"): details = value
            default: break
            }
        }
        guard isResponse, let status, status != "in_progress", status != "queued" else { return }
        finishReasons = [details.flatMap { Self.text("reason", bytes, $0) } ?? status]
    }

    private mutating func readChoices(_ bytes: borrowing Span<UInt8>, _ choices: Range<Int>) {
        guard bytes[choices.lowerBound] == UInt8(ascii: "[") else { return }
        // No array of what most events do not have: this runs for each of a stream.
        JSONScan.elements(of: bytes, from: choices.lowerBound) { choice in
            end(Self.text("finish_reason", bytes, choice))
        }
    }

    private mutating func readDelta(_ bytes: borrowing Span<UInt8>, _ delta: Range<Int>) {
        end(Self.text("stop_reason", bytes, delta))
    }

    /// Adds what the usage object says that begins these bytes.
    package mutating func readUsage(_ bytes: borrowing Span<UInt8>) { readUsage(bytes, from: 0) }

    private mutating func readUsage(_ bytes: borrowing Span<UInt8>, from start: Int) {
        _ = JSONScan.members(of: bytes, from: start) { member in
            let (name, value) = (member.name, member.value)
            switch name.count {
            case 23 where JSONScan.matches(bytes, name, "cache_read_input_tokens"):
                cachedTokens = JSONScan.integer(bytes, value) ?? cachedTokens
            case 27 where JSONScan.matches(bytes, name, "cache_creation_input_tokens"):
                cacheCreationTokens = JSONScan.integer(bytes, value) ?? cacheCreationTokens
            case 20 where JSONScan.matches(bytes, name, "input_tokens_details"),
                21
            where JSONScan.matches(bytes, name, "prompt_tokens_details")
                || JSONScan.matches(bytes, name, "output_tokens_details"),
                25 where JSONScan.matches(bytes, name, "completion_tokens_details"):
                readDetails(bytes, from: value.lowerBound)
            default: break
            }
        }
    }

    private mutating func readDetails(_ bytes: borrowing Span<UInt8>, from start: Int) {
        _ = JSONScan.members(of: bytes, from: start) { member in
            let (name, value) = (member.name, member.value)
            switch name.count {
            case 13 where JSONScan.matches(bytes, name, "cached_tokens"):
                cachedTokens = JSONScan.integer(bytes, value) ?? cachedTokens
            case 16 where JSONScan.matches(bytes, name, "reasoning_tokens"):
                reasoningTokens = JSONScan.integer(bytes, value) ?? reasoningTokens
            default: break
            }
        }
    }

    private mutating func end(_ reason: String?) {
        if let reason, finishReasons.count < Self.mostReasons { finishReasons.append(reason) }
    }

    /// A member of an object that is an identifier.
    private static func text(_ name: StaticString, _ bytes: borrowing Span<UInt8>, _ object: Range<Int>) -> String? {
        guard bytes[object.lowerBound] == UInt8(ascii: "{") else { return nil }
        var text: String?
        _ = JSONScan.members(of: bytes, from: object.lowerBound) { member in
            if JSONScan.matches(bytes, member.name, name) { text = JSONScan.identifier(bytes, member.value) }
        }
        return text
    }
}
