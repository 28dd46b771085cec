import NIOCore
import Testing

@testable import GatewayTLS

@Suite struct PlaintextQueueTests {
    private func sizes(_ lengths: [Int]) -> [Int] {
        var queue = PlaintextQueue()
        for length in lengths { queue.append(ByteBuffer(repeating: 0x61, count: length)) }
        #expect(queue.byteCount == lengths.reduce(0, +))
        var sizes: [Int] = []
        while let bytes = queue.popFirst() { sizes.append(bytes.readableBytes) }
        #expect(queue.isEmpty)
        return sizes
    }

    @Test(arguments: [
        ([], []),
        ([0], []),
        ([10, 20, 30], [60]),
        ([16_384], [16_384]),
        ([16_385], [16_384, 1]),
        ([6, 16_384, 2], [16_384, 8]),
        ([100_000], [98_304, 1_696]),
        ([100_000, 20_000], [98_304, 16_384, 5_312]),
    ])
    func `every record but the last is full`(lengths: [Int], expected: [Int]) {
        #expect(sizes(lengths) == expected)
    }

    @Test func `bytes keep their order`() {
        var queue = PlaintextQueue()
        let bytes = (0..<50_000).map { UInt8($0 % 251) }
        var rest = ByteBuffer(bytes: bytes)
        var step = 1
        while let part = rest.readSlice(length: min(step, rest.readableBytes)), part.readableBytes > 0 {
            queue.append(part)
            step = step * 3 % 7_001
        }
        var joined = ByteBuffer()
        while let part = queue.popFirst() { joined.writeImmutableBuffer(part) }
        #expect(joined == ByteBuffer(bytes: bytes))
    }
}
