import Testing

@testable import GatewayCore

@Suite struct TraceSpansTests {
    private static let context = TraceContext(trace: .init(high: 1, low: 2), span: 10, isSampled: true, state: "a=b")

    private static func receipt(_ path: String = "/demo/chat/v1/chat/completions") -> Receipt {
        var receipt = Receipt(requestID: "id", startedAt: 1_000_000)
        receipt.tenant = "demo"
        receipt.endpoint = "chat"
        receipt.deployment = "blue"
        receipt.method = "POST"
        receipt.path = path
        receipt.model = "gpt"
        receipt.status = 200
        receipt.upstreamStatus = 200
        receipt.outcome = .completed
        receipt.countedInputTokens = 3
        receipt.countedOutputTokens = 7
        receipt.durationMicroseconds = 900
        return receipt
    }

    private static func call(_ span: UInt64, _ deployment: String = "blue", resends: Int = 0) -> Trace.Call {
        Trace.Call(span: span, deployment: deployment, instance: "http://up.test:9000/base", resends: resends)
    }

    /// The exchange, 0.9 ms long, with these steps; other spans are numbered from 100.
    private static func spans(_ receipt: Receipt, _ steps: [Trace.Step], parent: UInt64? = 5) -> [TraceSpan] {
        var last: UInt64 = 99
        return Trace(context: context, parent: parent, receipt: receipt, parameters: .init(maxTokens: 20), steps: steps)
            .spans {
                last += 1
                return last
            }
    }

    @Test func `an exchange has a span, and one of each part that is in it`() throws {
        let spans = Self.spans(
            Self.receipt(),
            [
                .init(.admission, start: 0, end: 100_000), .init(.authentication, start: 10_000, end: 50_000),
                .init(.queue(deployment: "blue"), start: 100_000, end: 300_000),
                .init(.call(Self.call(11)), start: 300_000, end: 900_000),
            ]
        )
        #expect(spans.map(\.name) == ["chat gpt", "admission", "authentication", "queue", "chat gpt"])
        #expect(spans.map(\.kind) == [.server, .internal, .internal, .internal, .client])
        #expect(spans.map(\.context.span) == [10, 100, 101, 102, 11])
        #expect(spans.map(\.parent) == [5, 10, 100, 10, 10])
        #expect(spans.map(\.hasRemoteParent) == [true, false, false, false, false])
        #expect(spans.allSatisfy { $0.context.trace == Self.context.trace && $0.context.state == "a=b" })
        #expect(spans.map(\.start) == [0, 0, 10_000, 100_000, 300_000].map { 1_000_000_000 + $0 })
        #expect(spans.map(\.end) == [900_000, 100_000, 50_000, 300_000, 900_000].map { 1_000_000_000 + $0 })
        #expect(spans.allSatisfy { !$0.isError })
        let whole = spans[0]
        #expect(whole["gen_ai.operation.name"] == .text("chat") && whole["gen_ai.request.model"] == .text("gpt"))
        #expect(whole["gen_ai.usage.input_tokens"] == .number(3) && whole["gen_ai.usage.output_tokens"] == .number(7))
        #expect(whole["gen_ai.request.max_tokens"] == .number(20) && whole["http.response.status_code"] == .number(200))
        #expect(whole["gatehouse.deployment"] == .text("blue") && whole["error.type"] == nil)
        let call = try #require(spans.last)
        #expect(call["server.address"] == .text("up.test") && call["server.port"] == .number(9000))
        #expect(call["gen_ai.usage.output_tokens"] == .number(7) && call["http.request.resend_count"] == nil)
    }

    @Test func `each attempt has a span, and says why another was made`() {
        var (first, second, third) = (Self.call(11), Self.call(12, resends: 1), Self.call(13, "green", resends: 2))
        (first.failure, second.status, second.failure, third.status) = ("connect", 503, "status_503", 200)
        let calls = [first, second, third].enumerated().map { index, call in
            Trace.Step(.call(call), start: Int64(index) * 1000, end: Int64(index + 1) * 1000)
        }
        let spans = Self.spans(Self.receipt(), calls).dropFirst()
        #expect(spans.map { $0["error.type"] } == [.text("connect"), .text("status_503"), nil])
        #expect(spans.map(\.isError) == [true, true, false])
        #expect(spans.map { $0["http.request.resend_count"] } == [nil, .number(1), .number(2)])
        #expect(spans.map { $0["http.response.status_code"] } == [nil, .number(503), .number(200)])
        #expect(spans.map { $0["gen_ai.usage.input_tokens"] } == [nil, nil, .number(3)])
        #expect(spans.map { $0["gatehouse.deployment"] } == [.text("blue"), .text("blue"), .text("green")])
    }

    @Test func `a stream shows what its caller waited for, and what then came`() {
        var receipt = Self.receipt()
        receipt.isStreamed = true
        receipt.firstByteMicroseconds = 400
        let spans = Self.spans(receipt, [.init(.call(Self.call(11)), start: 100_000, end: 900_000)])
        #expect(spans.map(\.name) == ["chat gpt", "chat gpt", "first token", "streaming"])
        #expect(spans.suffix(2).map(\.parent) == [11, 11])
        #expect(spans.suffix(2).map { $0.end - $0.start } == [300_000, 500_000])
        #expect(spans[0]["gen_ai.request.stream"] == .flag(true))
    }

    @Test func `a copy for a mirror is a span in the exchange that it copies`() {
        var receipt = Self.receipt()
        receipt.mirrorOf = "blue"
        receipt.deployment = "shadow"
        let spans = Self.spans(receipt, [.init(.call(Self.call(11, "shadow")), start: 0, end: 900_000)], parent: nil)
        #expect(spans.count == 1 && spans[0].parent == 10 && spans[0].kind == .client)
        #expect(spans[0]["gatehouse.mirror_of"] == .text("blue"))
    }

    @Test func `what was refused is its caller's error below 500, and the gateway's from there`() {
        for (status, outcome, isError) in [(401, Receipt.Outcome.refused, false), (503, .failed, true)] {
            var receipt = Self.receipt()
            (receipt.status, receipt.outcome, receipt.refusal) = (status, outcome, "Rule")
            receipt.deployment = ""
            let spans = Self.spans(receipt, [.init(.admission, start: 0, end: 900_000)], parent: nil)
            #expect(spans.map(\.name) == ["POST chat", "admission"])
            #expect(spans[0].isError == isError && spans[0]["error.type"] == .text("Rule"))
            #expect(spans[0].parent == nil && !spans[0].hasRemoteParent)
            #expect(spans[0]["gatehouse.refusal"] == .text("Rule"))
        }
    }

    @Test func `an attempt that the client left, or that broke off, says so`() {
        for (outcome, refusal, error) in [(Receipt.Outcome.cancelled, "", "cancelled"), (.failed, "Cut", "Cut")] {
            var receipt = Self.receipt()
            (receipt.outcome, receipt.refusal) = (outcome, refusal)
            var call = Self.call(11)
            call.status = 200
            let spans = Self.spans(receipt, [.init(.call(call), start: 0, end: 900_000)])
            #expect(spans[1]["error.type"] == .text(error))
        }
    }

    @Test func `calls of no model are named by method and place, and long texts are cut`() {
        var receipt = Self.receipt("/demo/chat/" + String(repeating: "x", count: 5000))
        #expect(
            Self.spans(receipt, [.init(.call(Self.call(11)), start: 0, end: 1)]).map(\.name) == [
                "POST chat", "POST blue",
            ]
        )
        #expect(Self.spans(receipt, [])[0]["url.path"] == .text(String(receipt.path.prefix(1024))))
        receipt.path = "/v1/embeddings"
        receipt.model = String(repeating: "m", count: 1000)
        #expect(Self.spans(receipt, [])[0].name.count == "embeddings ".count + 128)
    }

    @Test func `a worker is at its socket`() {
        let call = Trace.Call(span: 11, deployment: "local", instance: "unix:/run/w.sock", resends: 0)
        let span = Self.spans(Self.receipt(), [.init(.call(call), start: 0, end: 1)])[1]
        #expect(span["server.address"] == .text("/run/w.sock") && span["network.transport"] == .text("unix"))
    }

    @Test func `a queue keeps what it has room for, counts the rest and gives the oldest first`() {
        let queue = TraceQueue(bound: 3)
        for number in 1...5 {
            var receipt = Self.receipt()
            receipt.requestID = "\(number)"
            queue.append(Trace(context: Self.context, receipt: receipt, steps: []))
        }
        #expect(queue.counts == .init(sent: 0, dropped: 2, waiting: 3, failures: 0))
        #expect(queue.take(2).map(\.receipt.requestID) == ["1", "2"])
        queue.noteSent(2)
        queue.noteFailure()
        #expect(queue.take(.max).map(\.receipt.requestID) == ["3"] && queue.take(1).isEmpty)
        #expect(queue.counts == .init(sent: 2, dropped: 2, waiting: 0, failures: 1))
    }
}

extension TraceSpan {
    fileprivate subscript(name: String) -> Value? { attributes.first { $0.name == name }?.value }
}
