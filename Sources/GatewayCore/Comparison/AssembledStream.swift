/// What a stream says once its events, or the lines of an NDJSON body, are put together.
///
/// What events are called, ids, times, usage and how texts are cut into pieces are no part of it.
struct AssembledStream: Sendable, Equatable {
    /// What can be said, in the order in which differences are told.
    enum Kind: Comparable {
        case text
        case reasoning
        case refusal
        case callName
        case callArguments
        case finish
        case stopSequence
        case error
        case end
    }

    struct Part: Hashable, Comparable {
        var choice: Int
        var kind: Kind
        /// Which of the choice's tool calls, in the order in which they came.
        var call: Int

        static func < (one: Part, other: Part) -> Bool {
            (one.choice, one.kind, one.call) < (other.choice, other.kind, other.call)
        }
    }

    private(set) var parts: [Part: String] = [:]
    /// Of each choice, what stands where texts do and is none: the pages that a search found.
    private var kept: [Int: [JSONTree]] = [:]
    /// Where none is of a known form each event by itself.
    private(set) var events: [JSONTree] = []
    /// Of each choice.
    var calls: [Int: StreamedCalls] = [:]

    /// - Parameter isCut: then an event that is no whole one is left out.
    init(_ body: [UInt8], isCut: Bool) {
        var isKnown = false
        for line in Self.payloads(of: body) {
            if line.elementsEqual("[DONE]".utf8) {
                end()
            } else if let event = JSONTree.read(Array(line)) {
                events.append(event)
                isKnown = take(event) || isKnown
            } else if !isCut || line.endIndex < body.endIndex {
                // Of a stream that is no JSON the lines are its text.
                say(.text, .text(String(decoding: line, as: UTF8.self) + "\n"))
            }
        }
        if isKnown { events = [] }
    }

    /// A piece of it; an object is one by itself, but of a call's arguments.
    mutating func say(_ kind: Kind, _ piece: JSONTree?, of choice: Int = 0, call: Int = 0) {
        if kind != .callArguments, let piece, case .object = piece { return keep(piece, of: choice) }
        guard let words = piece?.words, !words.isEmpty else { return }
        parts[part(kind, choice, call), default: ""] += words
    }

    mutating func keep(_ object: JSONTree, of choice: Int) { kept[choice, default: []].append(object) }

    var objects: [JSONTree] { kept.sorted { $0.key < $1.key }.flatMap(\.value) }

    /// All of it, in the place of what was said before.
    mutating func note(_ kind: Kind, _ whole: JSONTree?, of choice: Int = 0, call: Int = 0) {
        guard let words = whole?.words, !words.isEmpty else { return }
        parts[part(kind, choice, call)] = words
    }

    /// It has ended as its protocol ends.
    mutating func end() { note(.end, .text("whole")) }

    private mutating func part(_ kind: Kind, _ choice: Int, _ call: Int) -> Part {
        guard kind == .callName || kind == .callArguments else { return Part(choice: choice, kind: kind, call: 0) }
        return Part(choice: choice, kind: kind, call: calls[choice, default: StreamedCalls()].place(of: call))
    }

    /// The data of events, or the lines themselves.
    private static func payloads(of body: [UInt8]) -> [ArraySlice<UInt8>] {
        body.split { $0 == 0x0a || $0 == 0x0d }.compactMap { line -> ArraySlice<UInt8>? in
            if [":", "event:", "id:", "retry:"].contains(where: { line.starts(with: $0.utf8) }) { return nil }
            let data = line.starts(with: "data:".utf8) ? line.dropFirst(5) : line
            let payload = data.drop { $0 == 0x20 }
            return payload.isEmpty ? nil : payload
        }
    }
}

extension AssembledStream.Kind {
    /// As differences call it.
    var name: String {
        switch self {
        case .text: AnswerComparer.text
        case .reasoning: "reasoning"
        case .refusal: "refusal"
        case .callName: "tool_calls[].name"
        case .callArguments: "tool_calls[].arguments"
        case .finish: "finish_reason"
        case .stopSequence: "stop_sequence"
        case .error: "error"
        case .end: "end"
        }
    }

    /// Whether it may be alike enough; the rest is the same or not.
    var isText: Bool {
        switch self {
        case .text, .reasoning, .refusal, .callArguments, .error: true
        case .callName, .finish, .stopSequence, .end: false
        }
    }
}

extension JSONTree {
    /// A text as it is; of an object one that its members' order does not change.
    fileprivate var words: String? {
        switch self {
        case .text(let text): text
        case .object: sorted
        case .list, .number, .word: nil
        }
    }

    private var sorted: String {
        switch self {
        case .object(let members):
            let words = members.sorted { $0.name < $1.name }.map { "\($0.name.debugDescription):\($0.value.sorted)" }
            return "{\(words.joined(separator: ","))}"
        case .list(let elements): return "[\(elements.map(\.sorted).joined(separator: ","))]"
        case .text(let text): return text.debugDescription
        case .number(let text), .word(let text): return text
        }
    }
}
