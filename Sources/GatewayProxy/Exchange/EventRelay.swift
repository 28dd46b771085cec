import GatewayCore
import NIOCore

/// Cuts an event stream into whole events: reads their usage, and takes out the one that only the gateway asked for.
struct EventRelay {
    private let hidesUsage: Bool
    /// The beginning of an event whose end has not come.
    private var held = ByteBuffer()
    /// How much of it was searched.
    private var searched = 0
    /// An event longer than `Limits.heldEvent` passes as it comes, until its end.
    private var isPassing = false
    private(set) var usage = TokenUsage()
    /// Pieces of the answer that came since usage was last told.
    private(set) var untoldPieces: Int64 = 0
    /// What the answer says of itself; `nil` where nobody is told.
    private(set) var facts: AnswerFacts?

    init(hidesUsage: Bool, isTraced: Bool) {
        self.hidesUsage = hidesUsage
        if isTraced { facts = AnswerFacts() }
    }

    /// Whether bytes may be taken out of the stream.
    var changesLength: Bool { hidesUsage }

    /// What goes to the client now.
    mutating func body(_ bytes: ByteBuffer) -> ByteBuffer? {
        append(bytes)
        var passed: ByteBuffer?
        while let end = EventScan.endOfEvent(held.readableBytesUInt8Span, from: max(0, searched - 3)) {
            searched = 0
            if let event = takeEvent(end) { passed.append(event) }
        }
        searched = held.readableBytes
        if isPassing || held.readableBytes > Limits.heldEvent {
            isPassing = true
            // The last bytes stay: they may be the beginning of the blank line.
            if let part = held.readSlice(length: max(0, held.readableBytes - 3)) { passed.append(part) }
            searched = held.readableBytes
        }
        return passed
    }

    /// What was held when the stream ended: an event whose blank line never came.
    mutating func end() -> ByteBuffer? {
        held.readableBytes > 0 ? takeEvent(held.readableBytes) : nil
    }

    private mutating func append(_ bytes: ByteBuffer) {
        if held.readableBytes == 0 {
            held = bytes
        } else {
            held.writeImmutableBuffer(bytes)
        }
    }

    private mutating func takeEvent(_ end: Int) -> ByteBuffer? {
        defer { isPassing = false }
        guard !isPassing else { return held.readSlice(length: end) }
        let finding = EventScan.inspect(held.readableBytesUInt8Span, 0..<end)
        if var told = facts, let data = EventScan.data(held.readableBytesUInt8Span, 0..<end) {
            facts = nil
            told.read(held.readableBytesUInt8Span.extracting(data))
            facts = told
        }
        if finding.isContent { untoldPieces += 1 }
        if let found = finding.usage {
            usage.merge(found)
            if found.completion != nil { untoldPieces = 0 }
        }
        let event = held.readSlice(length: end)
        return hidesUsage && finding.isUsageOnly ? nil : event
    }
}

extension Optional<ByteBuffer> {
    fileprivate mutating func append(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        guard var all = self else {
            self = bytes
            return
        }
        self = nil
        all.writeImmutableBuffer(bytes)
        self = all
    }
}
