import GatewayCore
import NIOCore

/// Follows a response body on its way to the client: reads its usage, and takes out the usage event that only the gateway asked for.
struct ResponseRelay {
    private enum Mode {
        case pass
        case readObject(UsageReader)
        case readEvents(EventRelay)
    }

    private var mode: Mode
    private(set) var usage = TokenUsage()
    /// The beginning of an answer that is one object, where its trace is told; else `nil`.
    private var object: ByteBuffer?
    /// What a stream had said of itself when it ended.
    private var ended: AnswerFacts?

    /// Pieces of a stream that came since its usage was last told: a token each at least.
    var untoldPieces: Int64 { if case .readEvents(let events) = mode { events.untoldPieces } else { 0 } }

    /// - Parameters:
    ///   - told: what the answer's head says was used; what its body says comes first.
    ///   - contentType: the response's; decides between one object and an event stream.
    ///   - isEncoded: compressed bytes pass unread.
    ///   - isTraced: what it says of itself is read too.
    init(
        plan: Plan,
        contentType: String?,
        isEncoded: Bool = false,
        told: TokenUsage? = nil,
        isTraced: Bool = false
    ) {
        if plan.usage != nil, let told { usage = told }
        guard plan.usage != nil, !isEncoded else {
            mode = .pass
            return
        }
        if contentType?.lowercased().hasPrefix("text/event-stream") == true {
            mode = .readEvents(EventRelay(hidesUsage: plan.asksForUsage, isTraced: isTraced))
        } else {
            mode = .readObject(UsageReader())
            if isTraced { object = ByteBuffer() }
        }
    }

    /// What the answer says of itself, as far as it came; `nil` where nobody is told.
    var facts: AnswerFacts? {
        switch mode {
        case .pass: return ended
        case .readEvents(let events): return events.facts
        case .readObject(let reader):
            guard let object else { return nil }
            var facts = AnswerFacts()
            facts.read(object.readableBytesUInt8Span)
            // Of a long answer it stands behind what is kept.
            if let usage = reader.object { facts.readUsage(usage.span) }
            return facts
        }
    }

    /// Whether the body's length may change on the way.
    var changesLength: Bool {
        if case .readEvents(let events) = mode { events.changesLength } else { false }
    }

    /// What of these bytes goes to the client now.
    mutating func body(_ bytes: ByteBuffer) -> ByteBuffer? {
        switch mode {
        case .pass: return bytes
        case .readObject(var reader):
            mode = .pass
            reader.read(bytes.readableBytesUInt8Span)
            mode = .readObject(reader)
            keep(bytes)
            return bytes
        case .readEvents(var events):
            mode = .pass
            let passed = events.body(bytes)
            usage = events.usage
            mode = .readEvents(events)
            return passed
        }
    }

    /// What was held when the body ended.
    mutating func end() -> ByteBuffer? {
        switch mode {
        case .pass: return nil
        case .readObject(let reader):
            if let found = reader.usage { usage = found }
            return nil
        case .readEvents(var events):
            mode = .pass
            let held = events.end()
            (usage, ended) = (events.usage, events.facts)
            return held
        }
    }

    private mutating func keep(_ bytes: ByteBuffer) {
        guard let kept = object?.readableBytes, kept < Limits.tracedAnswer else { return }
        object?.writeBytes(bytes.readableBytesView.prefix(Limits.tracedAnswer - kept))
    }
}
