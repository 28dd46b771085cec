import GatewayAPI
import GatewayCore
import Testing

@testable import GatewayAdmin

/// When the events of a captured stream came.
@Suite struct CapturedEventsTests {
    /// A stream whose parts came one after the other, a second apart.
    private static func stream(_ parts: [[UInt8]], _ type: String = "text/event-stream") -> CapturedMessage {
        var message = CapturedMessage(headers: [.init(name: "content-type", value: type)])
        for (number, part) in parts.enumerated() {
            message.pieces.append(.init(offset: message.body.count, microseconds: Int64(number) * 1_000_000))
            message.body += part
        }
        return message
    }

    private static func came(_ message: CapturedMessage) -> [String] {
        message.events.map { "\(Int($0.ms / 1000)) \($0.text)" }
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func `each event has the time of its own piece, whatever ends its lines`(end: String) {
        let parts = (0..<40).map { Array("event: e\(end)data: \($0)\(end)\(end)".utf8) }
        #expect(Self.came(Self.stream(parts)) == (0..<40).map { "\($0) event: e\ndata: \($0)" })
    }

    @Test(arguments: ["\n", "\r\n"])
    func `empty lines between events and before them shift no time`(end: String) {
        let gap = String(repeating: end, count: 9)
        let parts = (0..<20).map { Array("\($0 == 0 ? gap : "")data: \($0)\(gap)".utf8) }
        #expect(Self.came(Self.stream(parts)) == (0..<20).map { "\($0) data: \($0)" })
    }

    @Test func `bytes that are no UTF-8 shift no time`() {
        let parts = (0..<20).map { Array("data: \($0) ".utf8) + [0xff, 0xfe, 0xc3] + Array("\n\n".utf8) }
        #expect(Self.came(Self.stream(parts)) == (0..<20).map { "\($0) data: \($0) \u{fffd}\u{fffd}\u{fffd}" })
    }

    @Test(arguments: ["\n", "\r\n", "\n\n\r\n"])
    func `each line of NDJSON has its own time`(end: String) {
        let parts = (0..<20).map { Array(#"{"n":\#($0)}\#(end)"#.utf8) }
        #expect(Self.came(Self.stream(parts, "application/x-ndjson")) == (0..<20).map { #"\#($0) {"n":\#($0)}"# })
    }

    @Test func `an event that comes in two pieces has the time of its beginning`() {
        let parts = ["data: a\r", "\n\r\ndata:", " b\r\n\r", "\ndata: c"].map { Array($0.utf8) }
        #expect(Self.came(Self.stream(parts)) == ["0 data: a", "1 data: b", "3 data: c"])
    }

    @Test(arguments: ["", "\n", "\r\n\r\n"])
    func `nothing but line ends has no events`(text: String) {
        #expect(Self.stream([Array(text.utf8)]).events.isEmpty)
    }
}
