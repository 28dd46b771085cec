import NIOCore

/// The request body on its way from the event loop to libcurl.
///
/// The bound is soft: a write is always taken, and `isWritable` turns false when the buffer is full. A caller that heeds it
/// overshoots by one write at most.
struct UploadBuffer {
    /// What libcurl is to be told when it asks for bytes.
    enum Reading: Equatable {
        case bytes(Int, wakesWriter: Bool)
        case wait
        case finished
        /// The body ended before its announced length.
        case short
    }

    private let capacity: Int
    private var missing: Int?
    private var chunks = CircularBuffer<ByteBuffer>()
    private var held = 0
    private var isEnded = false
    /// What follows the body; complete when reading has come to `finished`.
    private(set) var trailers: [(String, String)] = []
    private var isReaderWaiting = false
    private var isWriterWaiting = false

    init(capacity: Int, announced: Int?) {
        self.capacity = capacity
        missing = announced
    }

    var isWritable: Bool { held < capacity }

    /// Returns true when libcurl waits for bytes and has to be woken.
    mutating func write(_ bytes: ByteBuffer) -> Bool {
        guard bytes.readableBytes > 0, !isEnded else { return false }
        held += bytes.readableBytes
        chunks.append(bytes)
        if held >= capacity { isWriterWaiting = true }
        return wakeReader()
    }

    /// Returns true when libcurl waits for the end and has to be woken.
    mutating func end(trailers: [(String, String)] = []) -> Bool {
        isEnded = true
        self.trailers = trailers
        return wakeReader()
    }

    /// Moves what fits into the target.
    mutating func read(into target: UnsafeMutableRawBufferPointer) -> Reading {
        guard held > 0 else { return readEmpty() }
        var count = 0
        while count < target.count, var chunk = chunks.popFirst() {
            let part = min(chunk.readableBytes, target.count - count)
            unsafe chunk.readWithUnsafeReadableBytes { source in
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[count..<count + part])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[0..<part]))
                return part
            }
            count += part
            if chunk.readableBytes > 0 { chunks.prepend(chunk) }
        }
        held -= count
        missing = missing.map { $0 - count }
        let wakesWriter = isWriterWaiting && held <= capacity / 2
        if wakesWriter { isWriterWaiting = false }
        return .bytes(count, wakesWriter: wakesWriter)
    }

    private mutating func readEmpty() -> Reading {
        guard isEnded else {
            isReaderWaiting = true
            return .wait
        }
        return (missing ?? 0) > 0 ? .short : .finished
    }

    private mutating func wakeReader() -> Bool {
        defer { isReaderWaiting = false }
        return isReaderWaiting
    }
}
