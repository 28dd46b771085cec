import Testing

@testable import GatewayCore

/// Bytes that are looked for eight at a time.
@Suite struct SpanSearchTests {
    private static func first(of byte: UInt8, in bytes: [UInt8], from start: Int = 0) -> Int? {
        bytes.span.firstIndex(from: start) { $0.marks(byte) }
    }

    @Test(arguments: 0..<40)
    func `a byte is found wherever it stands, and what is one more or less is not taken for it`(count: Int) {
        for place in 0..<max(count, 1) {
            for byte: UInt8 in [0x01, 0x22, 0x7F, 0x80, 0xFF] {
                var bytes = [UInt8](repeating: byte &+ 1, count: count)
                for index in stride(from: 0, to: count, by: 2) { bytes[index] = byte &- 1 }
                #expect(Self.first(of: byte, in: bytes) == nil)
                guard place < count else { continue }
                bytes[place] = byte
                #expect(Self.first(of: byte, in: bytes) == place)
                #expect(Self.first(of: byte, in: bytes, from: place) == place)
                #expect(Self.first(of: byte, in: bytes, from: place + 1) == nil)
            }
        }
    }

    @Test func `the first of several is found`() {
        let text = Array(#"no quote for a while, \" and then"#.utf8)
        let found = text.span.firstIndex(from: 0) { $0.marks(UInt8(ascii: "\"")) | $0.marks(UInt8(ascii: "\\")) }
        #expect(found == text.firstIndex(of: UInt8(ascii: "\\")))
    }
}
