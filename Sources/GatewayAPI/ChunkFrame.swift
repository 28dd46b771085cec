/// What stands before and behind the text of a stream's chunk: the same in all of them, so that it is encoded once.
///
/// The encoder takes longer than everything else that is done for a token.
package struct ChunkFrame {
    struct NoText: Error {}

    private let before: [UInt8]
    private let after: [UInt8]

    /// - Parameters:
    ///   - chunk: one whose text is empty.
    ///   - name: the text's member.
    package init(_ chunk: [UInt8], name: String) throws {
        let member = Array("\"\(name)\":\"\"".utf8)
        guard let place = chunk.firstRange(of: member) else { throw NoText() }
        before = Array(chunk[..<(place.upperBound - 1)])
        after = Array(chunk[(place.upperBound - 1)...])
    }

    package func around(_ text: String) -> [UInt8] {
        var bytes = before
        bytes.reserveCapacity(before.count + text.utf8.count + after.count + 16)
        for byte in text.utf8 { Self.append(byte, to: &bytes) }
        bytes += after
        return bytes
    }

    /// RFC 8259 §7: quotes, backslashes and control characters are escaped.
    private static func append(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case UInt8(ascii: "\n"): bytes += Array("\\n".utf8)
        case 0..<0x20:
            let digits = String(byte, radix: 16)
            bytes += Array("\\u00".utf8) + Array((digits.count < 2 ? "0" + digits : digits).utf8)
        default: bytes.append(byte)
        }
    }
}
