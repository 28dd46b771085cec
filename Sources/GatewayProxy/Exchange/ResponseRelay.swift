import GatewayCore
import NIOCore

/// Follows a response body on its way to the client: reads its usage, and takes out the usage event that only the gateway asked for.
struct ResponseRelay {
    private enum Mode {
        case pass
        case readObject(UsageReader)
        /// Whole events pass; the tail of an incomplete one is held.
        case readEvents(held: ByteBuffer?, hidesUsage: Bool)
    }

    private var mode: Mode
    private(set) var usage = TokenUsage()

    /// - Parameter contentType: the response's; decides between one object and an event stream.
    init(plan: Plan, contentType: String?) {
        guard plan.usage != nil else {
            mode = .pass
            return
        }
        mode =
            if contentType?.hasPrefix("text/event-stream") == true {
                .readEvents(held: nil, hidesUsage: plan.asksForUsage)
            } else {
                .readObject(UsageReader())
            }
    }

    /// Whether the body's length may change on the way.
    var changesLength: Bool {
        if case .readEvents(_, let hidesUsage) = mode { hidesUsage } else { false }
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
        case .readEvents(let held, let hidesUsage):
            mode = .pass
            var whole = bytes
            if var held {
                held.writeImmutableBuffer(bytes)
                whole = held
            }
            let passed = events(of: &whole, hidesUsage: hidesUsage)
            if whole.readableBytes > Limits.heldEvent {
                // Not an event stream that anybody could read usage from: let it pass unread from here on.
                return joined(passed, whole)
            }
            mode = .readEvents(held: whole.readableBytes > 0 ? whole : nil, hidesUsage: hidesUsage)
            return passed
        }
    }

    /// What was held when the body ended.
    mutating func end() -> ByteBuffer? {
        switch mode {
        case .pass: return nil
        case .readObject(let reader):
            if let found = reader.usage { usage.merge(found) }
            return nil
        case .readEvents(let held, _):
            mode = .pass
            return held
        }
    }

    /// Takes whole events off the front of `bytes`; returns those that go to the client.
    private mutating func events(of bytes: inout ByteBuffer, hidesUsage: Bool) -> ByteBuffer? {
        var passed: ByteBuffer?
        while let end = EventScan.endOfEvent(bytes.readableBytesUInt8Span, from: 0) {
            let finding = EventScan.inspect(bytes.readableBytesUInt8Span, 0..<end)
            if let found = finding.usage { usage.merge(found) }
            guard let event = bytes.readSlice(length: end) else { return passed }
            if !(hidesUsage && finding.isUsageOnly) { passed = joined(passed, event) }
        }
        return passed
    }

    private func joined(_ first: ByteBuffer?, _ second: ByteBuffer) -> ByteBuffer {
        guard var first else { return second }
        first.writeImmutableBuffer(second)
        return first
    }
}
