/// Finds the frame headers in a stream of HTTP/2 bytes, whatever its reads look like; payloads are skipped unread.
struct FrameScanner {
    private var skip: Int
    private var header: UInt128 = 0
    private var headerBytes = 0

    /// - Parameter skipping: bytes in front of the first frame: the client's 24-byte preface, or none.
    init(skipping: Int) { skip = skipping }

    /// Whether the bytes seen so far end with a whole frame.
    var isBetweenFrames: Bool { skip == 0 && headerBytes == 0 }

    /// The next frame header at or behind `index`; moves `index` behind it, or to the end when there is none.
    mutating func next(in bytes: Span<UInt8>, from index: inout Int) -> FrameHeader? {
        let step = min(skip, bytes.count - index)
        index += step
        skip -= step
        guard skip == 0 else { return nil }
        while index < bytes.count {
            header = header << 8 | UInt128(bytes[index])
            headerBytes += 1
            index += 1
            guard headerBytes == 9 else { continue }
            let frame = FrameHeader(
                length: Int(truncatingIfNeeded: header >> 48 & 0xff_ffff),
                kind: UInt8(truncatingIfNeeded: header >> 40),
                flags: UInt8(truncatingIfNeeded: header >> 32),
                stream: UInt32(truncatingIfNeeded: header) & 0x7fff_ffff
            )
            (header, headerBytes, skip) = (0, 0, frame.length)
            return frame
        }
        return nil
    }
}
