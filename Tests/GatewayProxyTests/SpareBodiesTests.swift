import Testing

@testable import GatewayProxy

/// Buffers of captured bodies, used again.
@Suite struct SpareBodiesTests {
    private static func address(_ bytes: [UInt8]) -> Int {
        unsafe bytes.withUnsafeBufferPointer { Int(bitPattern: $0.baseAddress) }
    }

    @Test func `one that is given is handed out again, empty and with its room`() {
        var spare = SpareBodies()
        var buffer = [UInt8](repeating: 1, count: 2048)
        let address = Self.address(buffer)
        spare.add(&buffer)
        #expect(buffer.isEmpty)
        var again = spare.take()
        #expect(again.isEmpty && again.capacity >= 2048)
        again.append(contentsOf: repeatElement(2, count: 2048))
        #expect(Self.address(again) == address)
        #expect(spare.take().capacity == 0)
    }

    @Test func `neither what is long nor more than some are held`() {
        var spare = SpareBodies()
        for count in [0, 65_536] {
            var buffer = [UInt8](repeating: 1, count: count)
            spare.add(&buffer)
            #expect(buffer.count == count && spare.take().capacity == 0)
        }
        for _ in 0..<100 {
            var buffer: [UInt8] = [1]
            spare.add(&buffer)
        }
        #expect((0..<100).count { _ in spare.take().capacity > 0 } == 64)
    }
}
