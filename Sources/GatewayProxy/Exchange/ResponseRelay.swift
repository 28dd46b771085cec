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

    /// Pieces of a stream that came since its usage was last told: a token each at least.
    var untoldPieces: Int64 { if case .readEvents(let events) = mode { events.untoldPieces } else { 0 } }

    /// - Parameters:
    ///   - told: what the answer's head says was used; what its body says comes first.
    ///   - contentType: the response's; decides between one object and an event stream.
    ///   - isEncoded: compressed bytes pass unread.
    init(plan: Plan, contentType: String?, isEncoded: Bool = false, told: TokenUsage? = nil) {
        if plan.usage != nil, let told { usage = told }
        guard plan.usage != nil, !isEncoded else {
            mode = .pass
            return
        }
        mode =
            if contentType?.lowercased().hasPrefix("text/event-stream") == true {
                .readEvents(EventRelay(hidesUsage: plan.asksForUsage))
            } else {
                .readObject(UsageReader())
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
            usage = events.usage
            return held
        }
    }
}
