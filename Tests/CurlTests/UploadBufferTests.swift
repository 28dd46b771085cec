import NIOCore
import Testing

@testable import Curl

@Suite struct UploadBufferTests {
    private func read(_ buffer: inout UploadBuffer, _ count: Int) -> (UploadBuffer.Reading, [UInt8]) {
        var bytes = [UInt8](repeating: 0, count: count)
        let reading = unsafe bytes.withUnsafeMutableBytes { unsafe buffer.read(into: $0) }
        return (reading, bytes)
    }

    @Test func `bytes come out in order across writes`() {
        var buffer = UploadBuffer(capacity: 100, announced: nil)
        _ = buffer.write(ByteBuffer(bytes: [1, 2, 3]))
        _ = buffer.write(ByteBuffer(bytes: [4, 5]))
        #expect(read(&buffer, 4) == (.bytes(4, wakesWriter: false), [1, 2, 3, 4]))
        #expect(read(&buffer, 4) == (.bytes(1, wakesWriter: false), [5, 0, 0, 0]))
        #expect(read(&buffer, 4).0 == .wait)
    }

    @Test func `only a waiting reader is woken and only once`() {
        var buffer = UploadBuffer(capacity: 100, announced: nil)
        let early = buffer.write(ByteBuffer(bytes: [1]))
        _ = read(&buffer, 1)
        #expect(read(&buffer, 1).0 == .wait)
        #expect([early, buffer.write(ByteBuffer(bytes: [2])), buffer.end()] == [false, true, false])
        _ = read(&buffer, 1)
        #expect(read(&buffer, 1).0 == .finished)
    }

    @Test func `a full buffer tells its writer when half of it is gone`() {
        var buffer = UploadBuffer(capacity: 4, announced: nil)
        _ = buffer.write(ByteBuffer(bytes: [1, 2, 3, 4]))
        #expect(!buffer.isWritable)
        #expect(read(&buffer, 1).0 == .bytes(1, wakesWriter: false))
        #expect(read(&buffer, 1).0 == .bytes(1, wakesWriter: true))
        #expect(read(&buffer, 1).0 == .bytes(1, wakesWriter: false))
    }

    @Test func `an end before the announced length is short`() {
        var buffer = UploadBuffer(capacity: 100, announced: 3)
        _ = buffer.write(ByteBuffer(bytes: [1, 2]))
        _ = buffer.end()
        _ = read(&buffer, 2)
        #expect(read(&buffer, 2).0 == .short)
    }
}
