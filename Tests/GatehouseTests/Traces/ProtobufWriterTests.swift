import Testing

@testable import gatehouse

@Suite struct ProtobufWriterTests {
    private static func bytes(_ write: (inout ProtobufWriter) -> Void) -> [UInt8] {
        var writer = ProtobufWriter()
        write(&writer)
        return writer.bytes
    }

    @Test(
        arguments: [
            (1, [0x01]), (127, [0x7f]), (128, [0x80, 0x01]), (150, [0x96, 0x01]), (300, [0xac, 0x02]),
            (UInt64.max, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
        ] as [(UInt64, [UInt8])]
    )
    func `a number has seven bits to the byte, the lowest first`(value: UInt64, bytes: [UInt8]) {
        #expect(Self.bytes { $0.add(1, varint: value) } == [0x08] + bytes)
    }

    @Test func `texts and messages have their length before them`() {
        #expect(Self.bytes { $0.add(2, text: "testing") } == [0x12, 0x07] + Array("testing".utf8))
        #expect(Self.bytes { $0.add(3) { $0.add(1, varint: 150) } } == [0x1a, 0x03, 0x08, 0x96, 0x01])
        let long = [UInt8](repeating: 7, count: 300)
        #expect(Self.bytes { $0.add(1, bytes: long) } == [0x0a, 0xac, 0x02] + long)
    }

    @Test func `fixed numbers have their lowest byte first, and high fields two bytes for their name`() {
        #expect(Self.bytes { $0.add(7, fixed64: 0x0102) } == [0x39, 2, 1, 0, 0, 0, 0, 0, 0])
        #expect(Self.bytes { $0.add(16, fixed32: 0x101) } == [0x85, 0x01, 1, 1, 0, 0])
    }

    @Test func `defaults are left out, but not where they were chosen`() {
        #expect(
            Self.bytes {
                $0.add(1, varint: 0)
                $0.add(1, fixed32: 0)
                $0.add(1, fixed64: 0)
                $0.add(1, text: "")
                $0.add(1, bytes: [])
            }.isEmpty
        )
        #expect(Self.bytes { $0.add(1, chosen: 0) } == [0x08, 0x00])
        #expect(Self.bytes { $0.add(1, chosen: "") } == [0x0a, 0x00])
        #expect(Self.bytes { $0.add(4, chosenDecimal: 0) } == [0x21, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(Self.bytes { $0.add(4, chosenDecimal: -1.5) } == [0x21, 0, 0, 0, 0, 0, 0, 0xf8, 0xbf])
        #expect(Self.bytes { $0.add(1) { _ in } } == [0x0a, 0x00])
    }

    @Test func `what was written is read again`() {
        let message = Self.bytes {
            $0.add(1, varint: 300)
            $0.add(3, fixed64: 1)
            $0.add(4, fixed32: 1)
            $0.add(2, text: "words")
        }
        let fields = ProtobufReader.fields(message)
        #expect(fields[1]?.number == 300 && fields[2]?.bytes == Array("words".utf8))
    }

    @Test(
        arguments: [
            [0x08], [0x0a], [0x0a, 0x05, 1], [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 1],
            [UInt8](repeating: 0xff, count: 20), [0x39, 1], [0x0b],
        ] as [[UInt8]]
    )
    func `broken bytes end the reading and nothing else`(message: [UInt8]) {
        #expect(ProtobufReader.fields(message)[1] == nil)
    }
}
