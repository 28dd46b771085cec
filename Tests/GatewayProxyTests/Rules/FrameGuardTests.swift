import NIOCore
import NIOEmbedded
import Testing

@testable import GatewayProxy

@Suite struct FrameGuardTests {
    @Test func `frames are found wherever the reads are cut`() throws {
        let stream =
            frame(0x1, flags: 0x4, stream: 1, length: 40) + frame(0x0, stream: 1, length: 0) + frame(0x6, length: 8)
        for position in 0...stream.count {
            var scanner = FrameScanner(skipping: 0)
            var found: [FrameHeader] = []
            for piece in [stream[..<position], stream[position...]] {
                var index = 0
                let bytes = Array(piece)
                while let header = scanner.next(in: bytes.span, from: &index) { found.append(header) }
                #expect(index == bytes.count)
            }
            #expect(found.map(\.kind) == [1, 0, 6])
            #expect(found.map(\.length) == [40, 0, 8])
            #expect(found.first?.stream == 1)
            #expect(scanner.isBetweenFrames)
        }
    }

    @Test(arguments: [UInt8(0x2), 0x4, 0x6, 0x8, 0x0, 0x3, 0xc, 0xff])
    func `a flood of frames that do nothing ends the connection with GOAWAY`(kind: UInt8) throws {
        let connection = try Connection()
        let flood = (0..<2_000).flatMap { _ in frame(kind, stream: 1, length: kind == 0 ? 0 : 8) }
        #expect(try connection.send(flood) != nil)
        #expect(connection.isClosed)
        #expect(try connection.goAwayCode() == 0xb)
    }

    @Test func `nothing is handed on once the connection has ended`() throws {
        let connection = try Connection()
        _ = try connection.send((0..<2_000).flatMap { _ in frame(0x6, length: 8) })
        let handedOn = connection.handedOn
        #expect(try connection.send(frame(0x1, flags: 0x5, stream: 1, length: 10)) == nil)
        #expect(connection.handedOn == handedOn)
    }

    @Test func `rapid resets end the connection by the 500th`() throws {
        let connection = try Connection()
        var violation: FrameViolation?
        var count = 0
        while violation == nil, count < 1_000 {
            count += 1
            let stream = UInt32(count * 2 - 1)
            violation = try connection.send(
                frame(0x1, flags: 0x5, stream: stream, length: 30) + frame(0x3, stream: stream, length: 4)
            )
        }
        #expect(violation == .resets)
        #expect(count == 500)
    }

    @Test func `resets that a client makes us send count too`() throws {
        let connection = try Connection()
        var violation: FrameViolation?
        var count = 0
        while violation == nil, count < 1_000 {
            count += 1
            let stream = UInt32(count * 2 - 1)
            try connection.write(frame(0x3, stream: stream, length: 4))
            violation = try connection.send(frame(0x1, flags: 0x5, stream: stream, length: 30))
        }
        #expect(violation == .resets)
        #expect(count == 500)
    }

    @Test func `a header block is cut at 32 frames, empty ones included, and at 64 KiB`() throws {
        let frames = try Connection()
        let empty = (0..<33).flatMap { _ in frame(0x9, stream: 1, length: 0) }
        #expect(try frames.send(frame(0x1, stream: 1, length: 10) + empty) == .headerBlockFrames)
        let bytes = try Connection()
        let full = (0..<4).flatMap { _ in frame(0x9, stream: 1, length: 16_384) }
        #expect(try bytes.send(frame(0x1, stream: 1, length: 10) + full) == .headerBlockBytes)
        let fair = try Connection()
        let block = frame(0x1, stream: 1, length: 16_000) + frame(0x9, flags: 0x4, stream: 1, length: 16_000)
        #expect(try fair.send(block + block + block) == nil)
    }

    @Test func `a client that opens both windows for every chunk of a long stream lives`() throws {
        let connection = try Connection()
        let update = frame(0x8, length: 4) + frame(0x8, stream: 1, length: 4)
        for _ in 0..<20_000 {
            try connection.write(frame(0x0, stream: 1, length: 60))
            try #require(try connection.send(update) == nil)
        }
    }

    @Test func `a client that downloads a gibibyte and opens windows by the kibibyte lives`() {
        var counter = FrameAbuseCounter()
        #expect(throws: Never.self) {
            for _ in 0..<65_536 {
                try counter.countSent(header(0x0, length: 16_384), now: 0)
                for _ in 0..<32 { try counter.countReceived(header(0x8, length: 4), now: 0) }
            }
        }
    }

    @Test func `ten thousand answered requests with their window updates live`() throws {
        let connection = try Connection()
        for index in 0..<10_000 {
            let stream = UInt32(index * 2 + 1)
            let request =
                frame(0x1, flags: 0x4, stream: stream, length: 50) + frame(0x0, flags: 1, stream: stream, length: 20)
            try #require(
                try connection.send(request + frame(0x8, length: 4) + frame(0x8, stream: stream, length: 4)) == nil
            )
            let answer =
                frame(0x1, flags: 0x4, stream: stream, length: 30) + frame(0x0, flags: 1, stream: stream, length: 300)
            try connection.write(answer)
        }
    }

    @Test func `streams that are cancelled after their answer began live`() throws {
        let connection = try Connection()
        for index in 0..<5_000 {
            let stream = UInt32(index * 2 + 1)
            try #require(try connection.send(frame(0x1, flags: 0x5, stream: stream, length: 50)) == nil)
            try connection.write(frame(0x1, flags: 0x4, stream: stream, length: 30))
            try #require(try connection.send(frame(0x3, stream: stream, length: 4)) == nil)
        }
    }

    @Test func `a keep-alive PING every second lives for ever and a hundred a second do not`() throws {
        var patient = FrameAbuseCounter()
        for second in 0..<100_000 {
            try patient.countReceived(header(0x6, length: 8), now: UInt64(second) * 1_000_000_000)
        }
        var busy = FrameAbuseCounter()
        var count: UInt64 = 0
        #expect(throws: FrameViolation.controlFrames) {
            while count < 2_000 {
                count += 1
                try busy.countReceived(header(0x6, length: 8), now: count * 10_000_000)
            }
        }
        #expect((1_000...1_020).contains(count))
    }
}

private func header(_ kind: UInt8, length: Int) -> FrameHeader {
    FrameHeader(length: length, kind: kind, flags: 0, stream: 1)
}

private func frame(_ kind: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, length: Int) -> [UInt8] {
    var bytes = ByteBuffer()
    bytes.writeInteger(UInt8(length >> 16))
    bytes.writeInteger(UInt16(truncatingIfNeeded: length))
    bytes.writeInteger(kind)
    bytes.writeInteger(flags)
    bytes.writeInteger(stream)
    bytes.writeRepeatingByte(0x61, count: length)
    return Array(bytes.readableBytesView)
}

/// A connection with the guard alone, past its preface.
private struct Connection {
    private let channel = EmbeddedChannel()
    private let errors = Errors()

    init() throws {
        try channel.pipeline.syncOperations.addHandlers([FrameGuard(), errors])
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/s")).wait()
        try channel.writeInbound(ByteBuffer(string: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
    }

    var isClosed: Bool { !channel.isActive }
    var handedOn: Int { errors.handedOn }

    func send(_ bytes: [UInt8]) throws -> FrameViolation? {
        errors.last = nil
        try channel.writeInbound(ByteBuffer(bytes: bytes))
        return errors.last
    }

    func write(_ bytes: [UInt8]) throws {
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        _ = try channel.readOutbound(as: ByteBuffer.self)
    }

    func goAwayCode() throws -> UInt32? {
        let frame = try channel.readOutbound(as: ByteBuffer.self)
        guard frame?.getInteger(at: 3, as: UInt8.self) == 0x7 else { return nil }
        return frame?.getInteger(at: 13)
    }

    private final class Errors: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var last: FrameViolation?
        var handedOn = 0

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            handedOn += unwrapInboundIn(data).readableBytes
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { last = error as? FrameViolation }
    }
}
