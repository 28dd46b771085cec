/// Buffers of captured bodies that are to be used again: to take one from the heap, and to give it back, costs an event loop
/// more than to fill it.
struct SpareBodies {
    private static let most = 64
    /// Bytes of one.
    private static let longest = 16 << 10

    private var buffers: [[UInt8]] = []

    /// Empty, with room or without.
    mutating func take() -> [UInt8] { buffers.popLast() ?? [] }

    /// Takes one over; who had it has none then, for what two hold cannot be filled.
    mutating func add(_ buffer: inout [UInt8]) {
        guard (1...Self.longest).contains(buffer.capacity), buffers.count < Self.most else { return }
        var own: [UInt8] = []
        swap(&own, &buffer)
        own.removeAll(keepingCapacity: true)
        buffers.append(own)
    }
}
