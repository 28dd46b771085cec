import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import GatewayProxy

/// A connection's HTTP/1 pipeline as the gateway builds it, or the decoder alone, and what came out of it.
struct Wire {
    enum Event: Equatable, CustomStringConvertible {
        case head(String)
        case body(String)
        case end
        case violation(GuardViolation)
        case decoderError
        /// Either of the two: which one speaks first depends on where the reads are cut.
        case refusal

        var description: String {
            switch self {
            case .head(let target): "head \(target)"
            case .body(let body): "body \(body)"
            case .end: "end"
            case .violation(let violation): "violation \(violation)"
            case .decoderError: "decoder error"
            case .refusal: "refusal"
            }
        }
    }

    /// Events of a pipeline fed with these reads.
    static func events(_ reads: [[UInt8]], isGuarded: Bool = true) throws -> [Event] {
        let recorder = Recorder()
        let channel = EmbeddedChannel()
        let pipeline = channel.pipeline.syncOperations
        if isGuarded { try pipeline.addHandler(BytesGuard()) }
        try pipeline.addHandlers([ByteToMessageHandler(HTTPRequestDecoder()), recorder])
        for read in reads { try channel.writeInbound(ByteBuffer(bytes: read)) }
        return recorder.events
    }

    /// Events up to the first error, whoever raised it: all that the handler behind acts on.
    static func outcome(_ reads: [[UInt8]]) throws -> [Event] {
        var result: [Event] = []
        for event in try events(reads) {
            switch event {
            case .violation, .decoderError, .refusal: return result + [.refusal]
            case .head, .body, .end: result.append(event)
            }
        }
        return result
    }

    /// The decoder alone, byte by byte: how many requests have ended after each byte, and whether it has refused one.
    static func progress(_ bytes: [UInt8]) throws -> [(index: Int, ends: Int, hasError: Bool)] {
        let recorder = Recorder()
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandlers([ByteToMessageHandler(HTTPRequestDecoder()), recorder])
        var result: [(index: Int, ends: Int, hasError: Bool)] = []
        for (index, byte) in bytes.enumerated() {
            try channel.writeInbound(ByteBuffer(bytes: [byte]))
            let ends = recorder.events.count { $0 == .end }
            result.append((index, ends, recorder.events.last == .decoderError))
        }
        return result
    }

    static func events(_ text: String, isGuarded: Bool = true) throws -> [Event] {
        try events([Array(text.utf8)], isGuarded: isGuarded)
    }

    /// What the client is told for each request, rules included: `200`, or the status of a refusal.
    static func statuses(_ bytes: [UInt8], isGuarded: Bool = true) throws -> [Int] {
        let recorder = Recorder()
        let channel = EmbeddedChannel()
        let pipeline = channel.pipeline.syncOperations
        if isGuarded { try pipeline.addHandler(BytesGuard()) }
        try pipeline.addHandlers([ByteToMessageHandler(HTTPRequestDecoder()), recorder])
        try channel.writeInbound(ByteBuffer(bytes: bytes))
        return recorder.statuses(areRulesApplied: isGuarded)
    }

    private final class Recorder: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart

        private(set) var events: [Event] = []
        private var heads: [HTTPRequestHead] = []

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                heads.append(head)
                events.append(.head(head.uri))
            case .body(let bytes): add(body: String(buffer: bytes))
            case .end: events.append(.end)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            events.append((error as? GuardViolation).map { .violation($0) } ?? .decoderError)
        }

        private func add(body: String) {
            guard case .body(let earlier) = events.last else { return events.append(.body(body)) }
            events[events.count - 1] = .body(earlier + body)
        }

        func statuses(areRulesApplied: Bool) -> [Int] {
            var result: [Int] = []
            var heads = heads[...]
            for event in events {
                switch event {
                case .head:
                    guard let head = heads.popFirst() else { return result }
                    let fault = areRulesApplied ? fault(head) : nil
                    result.append(fault?.status ?? 200)
                    if fault != nil { return result }
                case .body, .end: break
                case .violation(let violation): return result + [violation.status]
                case .decoderError, .refusal: return result + [400]
                }
            }
            return result
        }

        private func fault(_ head: HTTPRequestHead) -> RequestFault? {
            do throws(RequestFault) {
                _ = try RequestRules.check(head, over: .http1)
                return nil
            } catch {
                return error
            }
        }
    }
}
