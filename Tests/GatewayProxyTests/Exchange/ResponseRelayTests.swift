import GatewayCore
import NIOCore
import NIOHTTP1
import Testing

@testable import GatewayProxy

@Suite struct ResponseRelayTests {
    private static let asking = #"{"model":"chat","stream":true}"#
    private static let asked = #"{"model":"chat","stream":true,"stream_options":{"include_usage":true}}"#
    private static let usage = #"data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}"# + "\n\n"
    private static let chunk = #"data: {"choices":[{"delta":{"content":"x"}}]}"# + "\n\n"
    private static let done = "data: [DONE]\n\n"

    private func relay(
        _ body: String?,
        contentType: String?,
        target: String = "/v1/chat/completions",
        isEncoded: Bool = false
    ) throws -> ResponseRelay {
        let plan = try PlanFixture().plan(target, body: body)
        return ResponseRelay(plan: plan, contentType: contentType, isEncoded: isEncoded)
    }

    @Test func `what an answer's head tells of usage counts where its body tells nothing`() throws {
        let plan = try PlanFixture().plan("/v1/embeddings", body: #"{"model":"chat"}"#)
        let told = TokenUsage(["x-gatehouse-prompt-tokens": "7", "x-gatehouse-completion-tokens": "2"])
        var relay = ResponseRelay(plan: plan, contentType: "application/json", told: told)
        #expect(pass(&relay, ["[[1,2]]"]) == "[[1,2]]")
        #expect(relay.usage == TokenUsage(prompt: 7, completion: 2))
        relay = ResponseRelay(plan: plan, contentType: "application/json", told: told)
        _ = pass(&relay, [#"{"usage":{"prompt_tokens":3}}"#])
        #expect(relay.usage.prompt == 3)
    }

    @Test(arguments: ["-1", "many", "99999999999999999999"]) func `what no number is tells nothing`(text: String) {
        #expect(TokenUsage(["x-gatehouse-prompt-tokens": text]) == nil)
        #expect(TokenUsage([:]) == nil)
    }

    /// What the client gets of these pieces.
    private func pass(_ relay: inout ResponseRelay, _ pieces: [String]) -> String {
        var result = ""
        for piece in pieces {
            if let bytes = relay.body(ByteBuffer(string: piece)) { result += String(buffer: bytes) }
        }
        if let bytes = relay.end() { result += String(buffer: bytes) }
        return result
    }

    @Test func `the usage event that only the gateway asked for is read and taken out`() throws {
        var relay = try relay(Self.asking, contentType: "text/event-stream; charset=utf-8")
        #expect(relay.changesLength)
        #expect(pass(&relay, [Self.chunk + Self.usage + Self.done]) == Self.chunk + Self.done)
        #expect(relay.usage == TokenUsage(prompt: 3, completion: 4))
    }

    @Test func `a caller that asked for usage gets it`() throws {
        var relay = try relay(Self.asked, contentType: "text/event-stream")
        #expect(!relay.changesLength)
        #expect(pass(&relay, [Self.chunk + Self.usage + Self.done]) == Self.chunk + Self.usage + Self.done)
        #expect(relay.usage == TokenUsage(prompt: 3, completion: 4))
    }

    @Test(arguments: ["\n", "\r\n", "\r"]) func `cuts anywhere change nothing`(line: String) throws {
        let all = (Self.chunk + Self.usage + Self.done).split(separator: "\n", omittingEmptySubsequences: false)
            .joined(separator: line)
        let expected = (Self.chunk + Self.done).split(separator: "\n", omittingEmptySubsequences: false).joined(
            separator: line
        )
        let bytes = Array(all.utf8)
        for cut in bytes.indices {
            var relay = try relay(Self.asking, contentType: "text/event-stream")
            let pieces = [bytes[..<cut], bytes[cut...]].map { String(decoding: $0, as: UTF8.self) }
            #expect(pass(&relay, pieces) == expected, "cut at \(cut)")
            #expect(relay.usage == TokenUsage(prompt: 3, completion: 4), "cut at \(cut)")
        }
        var relay = try relay(Self.asking, contentType: "text/event-stream")
        #expect(pass(&relay, bytes.map { String(decoding: [$0], as: UTF8.self) }) == expected)
    }

    @Test func `whole events pass at once and an incomplete tail is held`() throws {
        var relay = try relay(Self.asking, contentType: "text/event-stream")
        let pieces = [Self.chunk + "data: {\"cho", "ices\":[{}]}\n", "\n"]
        let passed = pieces.map { piece in relay.body(ByteBuffer(string: piece)).map { String(buffer: $0) } }
        #expect(passed == [Self.chunk, nil, "data: {\"choices\":[{}]}\n\n"])
    }

    @Test func `a tail without its blank line comes out at the end`() throws {
        var relay = try relay(Self.asking, contentType: "text/event-stream")
        #expect(pass(&relay, [Self.chunk, "data: [DO", "NE]"]) == Self.chunk + "data: [DONE]")
    }

    @Test func `an event that never ends passes unread instead of growing`() throws {
        var relay = try relay(Self.asking, contentType: "text/event-stream")
        let piece = String(repeating: "x", count: 100_000)
        var passed = 0
        var held = 0
        for count in 1...30 {
            passed += relay.body(ByteBuffer(string: piece))?.readableBytes ?? 0
            held = max(held, count * piece.utf8.count - passed)
        }
        #expect(held <= Limits.heldEvent)
        let rest = pass(&relay, [Self.usage])
        #expect(rest.hasSuffix(Self.usage))
        #expect(passed + rest.utf8.count == 3_000_000 + Self.usage.utf8.count)
    }

    @Test(arguments: [0, 1, 2])
    func `the usage event is known behind one that was too long to be held`(cut: Int) throws {
        var relay = try relay(Self.asking, contentType: "text/event-stream")
        let long = "data: " + String(repeating: "x", count: Limits.heldEvent + 1)
        // Its blank line comes in any number of pieces.
        let line = String(repeating: "\n", count: cut)
        let rest = String(repeating: "\n", count: 2 - cut) + Self.usage + Self.done
        #expect(pass(&relay, [long + line, rest]) == long + "\n\n" + Self.done)
        #expect(relay.usage == TokenUsage(prompt: 3, completion: 4))
    }

    @Test(arguments: ["", "\n"]) func `a usage event without its blank line is read and taken out`(end: String) throws {
        var relay = try relay(Self.asking, contentType: "text/event-stream")
        #expect(pass(&relay, [Self.chunk, Self.usage.dropLast(2) + end]) == Self.chunk)
        #expect(relay.usage == TokenUsage(prompt: 3, completion: 4))
    }

    @Test(arguments: ["text/event-stream", "application/json"])
    func `a compressed answer passes unread`(contentType: String) throws {
        var relay = try relay(Self.asking, contentType: contentType, isEncoded: true)
        #expect(!relay.changesLength)
        #expect(pass(&relay, [Self.chunk, Self.usage]) == Self.chunk + Self.usage)
        #expect(relay.usage == TokenUsage())
    }

    @Test func `an answer that is one object passes unchanged and its usage is read`() throws {
        var relay = try relay(#"{"model":"chat"}"#, contentType: "application/json")
        let body = #"{"choices":[{}],"usage":{"prompt_tokens":5,"completion_tokens":6}}"#
        #expect(!relay.changesLength)
        #expect(pass(&relay, [String(body.prefix(30)), String(body.dropFirst(30))]) == body)
        #expect(relay.usage == TokenUsage(prompt: 5, completion: 6))
    }

    @Test(arguments: ["text/event-stream", "application/json", nil])
    func `calls without usage pass untouched`(contentType: String?) throws {
        var relay = try relay(nil, contentType: contentType, target: "/demo/chat/score")
        #expect(!relay.changesLength)
        #expect(pass(&relay, [Self.chunk, Self.usage]) == Self.chunk + Self.usage)
        #expect(relay.usage == TokenUsage())
    }

    @Test(arguments: [
        (PathRewrite(stripPrefix: "/score", addPrefix: "/v1/chat/completions"), "/demo/chat/score"),
        (PathRewrite(addPrefix: "/v1"), "/demo/chat/chat/completions"),
    ])
    func `the path that the upstream is asked says whether usage is read`(path: PathRewrite, target: String) throws {
        let plan = try PlanFixture(path: path).plan(target, body: Self.asking)
        var relay = ResponseRelay(plan: plan, contentType: "text/event-stream")
        #expect(pass(&relay, [Self.chunk, Self.usage, Self.done]) == Self.chunk + Self.done)
        #expect(relay.usage == TokenUsage(prompt: 3, completion: 4))
    }

    @Test func `pieces count from where usage was last told`() throws {
        var relay = try relay(Self.asking, contentType: "text/event-stream")
        _ = relay.body(ByteBuffer(string: Self.chunk + Self.chunk))
        #expect(relay.untoldPieces == 2)
        _ = relay.body(ByteBuffer(string: Self.usage))
        #expect(relay.untoldPieces == 0)
        _ = relay.body(ByteBuffer(string: Self.chunk + Self.done))
        #expect(relay.untoldPieces == 1)
    }

    @Test func `what an answer says of itself is read where its trace is told, and changes nothing`() throws {
        let plan = try PlanFixture().plan("/v1/chat/completions", body: Self.asking)
        func relay(_ contentType: String, isTraced: Bool = true) -> ResponseRelay {
            ResponseRelay(plan: plan, contentType: contentType, isTraced: isTraced)
        }
        let last = #"data: {"id":"a","choices":[{"finish_reason":"stop"}]}"# + "\n\n"
        var stream = relay("text/event-stream")
        #expect(pass(&stream, [Self.chunk + last, Self.usage + Self.done]) == Self.chunk + last + Self.done)
        #expect(stream.facts?.id == "a" && stream.facts?.finishReasons == ["stop"])
        // A stream that has ended owes no pieces, traced or not.
        #expect(stream.untoldPieces == 0 && stream.usage == TokenUsage(prompt: 3, completion: 4))

        var object = relay("application/json")
        let begin = #"{"id":"b","x":""# + String(repeating: "x", count: 100_000)
        let end = #"","model":"m","usage":{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":1}}}"#
        #expect(pass(&object, [begin, end]) == begin + end)
        // What is long is read at its beginning, but for its tokens.
        #expect(object.facts?.id == "b" && object.facts?.model == "" && object.facts?.cachedTokens == 1)

        var untold = relay("application/json", isTraced: false)
        _ = pass(&untold, [#"{"id":"b"}"#])
        #expect(untold.facts == nil)
    }

    @Test func `Anthropic's usage is put together from two events and nothing is hidden`() throws {
        var relay = try relay(Self.asking, contentType: "text/event-stream", target: "/v1/messages")
        let start =
            #"data: {"type":"message_start","message":{"usage":{"input_tokens":25,"output_tokens":1}}}"# + "\n\n"
        let delta = #"data: {"type":"message_delta","usage":{"output_tokens":15}}"# + "\n\n"
        #expect(pass(&relay, [start, delta]) == start + delta)
        #expect(relay.usage == TokenUsage(prompt: 25, completion: 15))
    }
}
