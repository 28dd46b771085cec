import CZlib

/// zlib at its fastest level (RFC 1950).
enum Deflate {
    /// Why bytes could not be read back.
    struct Damage: Error {}

    static func compress(_ bytes: [UInt8]) -> [UInt8] {
        let bound = Int(compressBound(uLong(bytes.count)))
        return unsafe [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            var length = uLongf(bound)
            let code = unsafe bytes.withUnsafeBufferPointer { input in
                unsafe compress2(output.baseAddress, &length, input.baseAddress, uLong(input.count), Z_BEST_SPEED)
            }
            precondition(code == Z_OK, "the buffer is as large as zlib asked for")
            count = Int(length)
        }
    }

    /// - Parameter size: of what comes out.
    static func expand(_ bytes: [UInt8], size: Int) throws(Damage) -> [UInt8] {
        var code = Z_OK
        let expanded = unsafe [UInt8](unsafeUninitializedCapacity: size) { output, count in
            var length = uLongf(size)
            code = unsafe bytes.withUnsafeBufferPointer { input in
                unsafe uncompress(output.baseAddress, &length, input.baseAddress, uLong(input.count))
            }
            count = code == Z_OK ? Int(length) : 0
        }
        guard code == Z_OK, expanded.count == size else { throw Damage() }
        return expanded
    }
}

/// What HTTP calls `gzip` and `deflate` (RFC 9110 8.4.1).
enum Inflate {
    /// As much as can be had of a body that may be cut off.
    ///
    /// - Parameter most: bytes that come out.
    /// - Returns: `nil` when it is not compressed so.
    static func beginning(of bytes: [UInt8], most: Int) -> (bytes: [UInt8], isCut: Bool)? {
        // 15 bits of window; 32 more: the header says whether it is gzip or zlib.
        guard let result = run(bytes, most, windowBits: 15 + 32), !result.bytes.isEmpty || result.isEnd else {
            return nil
        }
        return (result.bytes, !result.isEnd)
    }

    private static func run(_ bytes: [UInt8], _ most: Int, windowBits: Int32) -> (bytes: [UInt8], isEnd: Bool)? {
        var stream = unsafe z_stream()
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(&stream, windowBits, zlibVersion(), size) == Z_OK else { return nil }
        defer { unsafe inflateEnd(&stream) }
        var input = bytes
        var isEnd = false
        let output = unsafe [UInt8](unsafeUninitializedCapacity: most) { output, count in
            unsafe input.withUnsafeMutableBufferPointer { source in
                unsafe stream.next_in = source.baseAddress
                unsafe stream.avail_in = UInt32(source.count)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(most)
                isEnd = unsafe inflate(&stream, Z_SYNC_FLUSH) == Z_STREAM_END
                count = unsafe most - Int(stream.avail_out)
            }
        }
        return (output, isEnd)
    }
}
