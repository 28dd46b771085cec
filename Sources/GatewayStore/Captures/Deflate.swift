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
    /// As much as could be had of a body that may be cut off.
    struct Expanded {
        var bytes: [UInt8] = []
        /// Where in `bytes` begins what came of each piece.
        var offsets: [Int] = []
        /// Whether something is missing at its end.
        var isCut = true
    }

    /// - Parameters:
    ///   - pieces: where each piece of `bytes` begins, in order.
    ///   - most: bytes that come out.
    /// - Returns: `nil` when it is not compressed so.
    static func beginning(of bytes: [UInt8], pieces: [Int], most: Int) -> Expanded? {
        var stream = unsafe z_stream()
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        // 15 bits of window; 32 more: the header says whether it is gzip or zlib.
        guard unsafe inflateInit2_(&stream, 15 + 32, zlibVersion(), size) == Z_OK else { return nil }
        defer { unsafe inflateEnd(&stream) }
        var (input, expanded) = (bytes, Expanded())
        expanded.bytes = unsafe [UInt8](unsafeUninitializedCapacity: most) { output, count in
            unsafe input.withUnsafeMutableBufferPointer { source in
                unsafe stream.next_in = source.baseAddress
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(most)
                for end in pieces + [source.count] {
                    unsafe stream.avail_in = UInt32(max(0, min(end, source.count) - Int(stream.total_in)))
                    expanded.isCut = unsafe inflate(&stream, Z_SYNC_FLUSH) != Z_STREAM_END
                    count = unsafe most - Int(stream.avail_out)
                    expanded.offsets.append(count)
                }
            }
        }
        // The last was the whole's end.
        expanded.offsets.removeLast()
        return expanded.bytes.isEmpty && expanded.isCut ? nil : expanded
    }
}
