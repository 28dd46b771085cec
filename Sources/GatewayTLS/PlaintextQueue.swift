import NIOCore

/// Bytes that wait for a flush, cut so that every TLS record but the last is full.
///
/// A record costs about as much as 1 KiB of payload in encryption, headers and calls, so many small writes become one
/// record. Small writes are copied together; a large write is only sliced.
struct PlaintextQueue {
    /// The largest payload that one TLS record can carry.
    static let recordSize = 16_384

    private var buffers = CircularBuffer<ByteBuffer>(initialCapacity: 2)
    private(set) var byteCount = 0

    var isEmpty: Bool { byteCount == 0 }

    mutating func append(_ added: ByteBuffer) {
        byteCount += added.readableBytes
        var rest = added
        fillLastRecord(from: &rest)
        let whole = rest.readableBytes / Self.recordSize * Self.recordSize
        if whole > 0, let records = rest.readSlice(length: whole) { buffers.append(records) }
        if rest.readableBytes > 0 { buffers.append(rest) }
    }

    /// The next bytes to encrypt: whole records, or the last partial one.
    mutating func popFirst() -> ByteBuffer? {
        guard let first = buffers.popFirst() else { return nil }
        byteCount -= first.readableBytes
        return first
    }

    private mutating func fillLastRecord(from added: inout ByteBuffer) {
        guard let last = buffers.indices.last else { return }
        let used = buffers[last].readableBytes % Self.recordSize
        guard used > 0 else { return }
        let room = min(Self.recordSize - used, added.readableBytes)
        guard let part = added.readSlice(length: room) else { return }
        buffers[last].writeImmutableBuffer(part)
    }
}
