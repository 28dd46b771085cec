import GatewayCore
import GatewayTestKit
import NIOCore
import NIOHTTP1
import Testing

/// What is kept of exchanges, and of which.
@Suite(.serialized) struct CaptureTests {
    /// A deployment that gets copies of the requests, and answers as the other does if it has no script.
    private struct Shadow {
        var percent = 100
        var rule: CaptureRule?
        var limit: Int?
        var script: FakeUpstream.Script?
    }

    /// One deployment, `blue`, whose exchanges are kept as the rule says.
    private static func play(
        _ rule: CaptureRule?,
        _ transport: FakeUpstream.Transport = .http,
        mirror: Shadow? = nil,
        script: @escaping FakeUpstream.Script,
        act: (RunningGateway) async throws -> Void
    ) async throws -> [Capture] {
        let workspace = try Workspace()
        let upstream = try await FakeUpstream.start(transport, in: workspace, number: 0, script: script)
        var blue = RunningGateway.Serving("blue", urls: [upstream.url])
        blue.capture = rule
        var serving = [blue]
        var shadowed: FakeUpstream?
        if let mirror {
            let copied = mirror.script ?? script
            let upstream = try await FakeUpstream.start(transport, in: workspace, number: 1, script: copied)
            var shadow = RunningGateway.Serving("shadow", weight: 0, urls: [upstream.url])
            shadow.mirror = mirror.percent
            shadow.capture = mirror.rule
            shadow.capacity.limit = mirror.limit
            serving.append(shadow)
            shadowed = upstream
        }
        let access = RunningGateway.Access()
        try await RunningGateway.run(serving, in: workspace, access: access) { try await act($0) }
        try await upstream.stop()
        try await shadowed?.stop()
        return access.captures.takeAll().map { $0.finish() }
    }

    private static func text(_ message: CapturedMessage) -> String { String(decoding: message.body, as: UTF8.self) }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `both halves are kept as they passed`(transport: FakeUpstream.Transport) async throws {
        let captures = try await Self.play(CaptureRule(), transport) { visit in
            try await visit.respond(201, [("x-up", "1")], "got \(try await visit.body())")
        } act: { gateway in
            let client = try await gateway.connect()
            _ = try await client.exchange("POST", "/demo/chat/echo?x=y", [("x-down", "2")], body: "hello")
        }
        let capture = try #require(captures.first)
        #expect(captures.count == 1 && capture.query == "x=y" && capture.receipt.status == 201)
        #expect(Self.text(capture.request) == "hello" && capture.request.first("x-down") == "2")
        #expect(Self.text(capture.response) == "got hello" && capture.response.first("x-up") == "1")
        #expect(capture.request.first("authorization") == nil && capture.request.first("api-key") == nil)
        #expect(!capture.request.isTruncated && capture.response.size == 9)
    }

    @Test func `without a rule nothing is kept, nor at a rate of 0`() async throws {
        for rule in [nil, CaptureRule(samplingRate: 0)] {
            let captures = try await Self.play(rule) {
                try await $0.respond(200, [], "a")
            } act: { gateway in
                let client = try await gateway.connect()
                for _ in 0..<5 { _ = try await client.exchange("POST", "/demo/chat/a", body: "b") }
            }
            #expect(captures.isEmpty)
        }
    }

    @Test func `about as many are kept as the rate says`() async throws {
        let captures = try await Self.play(CaptureRule(samplingRate: 0.5)) {
            try await $0.respond(200, [], "a")
        } act: {
            gateway in
            let client = try await gateway.connect()
            for _ in 0..<200 { _ = try await client.exchange("POST", "/demo/chat/a", body: "b") }
        }
        // Outside of this once in 10,000 million runs.
        #expect((55...145).contains(captures.count))
    }

    @Test func `each deployment's rate counts, beside one that has all of its exchanges kept`() async throws {
        let workspace = try Workspace()
        let upstream = try await FakeUpstream.start(.http, in: workspace, number: 0) {
            try await $0.respond(200, [], "a")
        }
        var blue = RunningGateway.Serving("blue", urls: [upstream.url])
        blue.capture = CaptureRule(samplingRate: 0.5)
        var green = RunningGateway.Serving("green", weight: 0, urls: [upstream.url])
        green.capture = CaptureRule()
        let access = RunningGateway.Access()
        try await RunningGateway.run([blue, green], in: workspace, access: access) { gateway in
            let client = try await gateway.connect()
            for _ in 0..<200 { _ = try await client.exchange("POST", "/demo/chat/a", body: "b") }
        }
        try await upstream.stop()
        #expect((55...145).contains(access.captures.takeAll().count))
    }

    @Test func `where there is no room an exchange that its rule wants is counted as dropped`() async throws {
        let workspace = try Workspace()
        let upstream = try await FakeUpstream.start(.http, in: workspace, number: 0) { visit in
            try await visit.respond(visit.target.hasSuffix("bad") ? 500 : 200, [], "a")
        }
        var blue = RunningGateway.Serving("blue", urls: [upstream.url])
        blue.capture = CaptureRule(only: CaptureCondition(errors: true))
        var access = RunningGateway.Access()
        access.captures = CaptureQueue(mostCaptures: 1)
        let captures = access.captures
        try await RunningGateway.run([blue], in: workspace, access: access) { gateway in
            let client = try await gateway.connect()
            func call(_ path: String) async throws {
                _ = try await client.exchange("POST", "/demo/chat/\(path)", body: "b")
            }
            for path in ["bad", "bad", "good", "bad"] { try await call(path) }
            #expect(captures.counts.dropped == 2 && captures.counts.waiting == 1)
            #expect(captures.take().count == 1)
            try await call("bad")
            let later = captures.take().map { $0.finish() }
            #expect(later.map { Self.text($0.request) + Self.text($0.response) } == ["ba"])
            #expect(captures.counts.dropped == 2)
        }
        try await upstream.stop()
    }

    @Test func `of collections only those are kept that the rates let in, and only their halves`() async throws {
        let rates = ["model_inputs": 0.0, "model_outputs": 1]
        let collections = rates.map { CaptureCollection(name: $0.key, samplingRate: $0.value) }
        let captures = try await Self.play(
            CaptureRule(collecting: collections, headers: ["x-up"], rollingRate: nil)
        ) {
            try await $0.respond(200, [("x-up", "1")], "answer")
        } act: { gateway in
            _ = try await gateway.connect().exchange("POST", "/demo/chat/a", body: "hello")
        }
        let capture = try #require(captures.first)
        #expect(capture.rule.collections.map(\.name) == ["model_outputs"])
        #expect(capture.request == CapturedMessage() && Self.text(capture.response) == "answer")
    }

    @Test func `of a stream every piece is kept with its time, and of a long body the beginning`() async throws {
        let rule = CaptureRule(bodyLimit: 20)
        let captures = try await Self.play(rule) { visit in
            try await visit.begin(200, [("content-type", "text/event-stream")])
            for event in ["data: one\n\n", "data: two\n\n", "data: three\n\n"] {
                try await visit.send(event)
                try await Task.sleep(for: .milliseconds(20))
            }
            try await visit.end()
        } act: { gateway in
            _ = try await gateway.connect().exchange("POST", "/demo/chat/a", body: String(repeating: "x", count: 50))
        }
        let capture = try #require(captures.first)
        #expect(Self.text(capture.response) == "data: one\n\ndata: two" && capture.response.isTruncated)
        #expect(capture.response.pieces.map(\.offset) == [0, 11] && capture.response.size == 35)
        #expect(capture.response.pieces[1].microseconds - capture.response.pieces[0].microseconds >= 10_000)
        #expect(capture.request.body.count == 20 && capture.request.isTruncated && capture.request.size == 50)
    }

    @Test func `a rule keeps errors only, or a caller's only, or what has a header`() async throws {
        func kept(_ only: CaptureCondition) async throws -> [Int] {
            try await Self.play(CaptureRule(only: only)) { visit in
                try await visit.respond(visit.target == "/bad" ? 500 : 200, [], "a")
            } act: { gateway in
                let client = try await gateway.connect()
                _ = try await client.exchange("POST", "/demo/chat/good", [("x-team", "a")], body: "b")
                _ = try await client.exchange("POST", "/demo/chat/bad", body: "b")
            }.map(\.receipt.upstreamStatus)
        }
        #expect(try await kept(CaptureCondition(errors: true)) == [500])
        #expect(try await kept(CaptureCondition(slowerThan: 60_000)).isEmpty)
        #expect(try await kept(CaptureCondition(callers: ["demo/chat#primary"])) == [200, 500])
        #expect(try await kept(CaptureCondition(callers: ["demo#other"])).isEmpty)
        #expect(try await kept(CaptureCondition(header: .init(name: "x-team"))) == [200])
        #expect(try await kept(CaptureCondition(header: .init(name: "x-team", value: "b"))).isEmpty)
        #expect(try await kept(CaptureCondition(header: .init(name: "x-team", value: "a"))) == [200])
    }

    @Test func `a rule keeps what took as long as it says, and nothing faster`() async throws {
        let captures = try await Self.play(CaptureRule(only: CaptureCondition(slowerThan: 1500))) { visit in
            if visit.target == "/slow" { try await Task.sleep(for: .milliseconds(1600)) }
            try await visit.respond(200, [], "a")
        } act: { gateway in
            let client = try await gateway.connect()
            for path in ["fast", "slow"] { _ = try await client.exchange("POST", "/demo/chat/\(path)", body: "b") }
        }
        #expect(captures.map(\.receipt.path) == ["/demo/chat/slow"])
    }

    @Test(arguments: [(true, false), (false, true)])
    func `of one part nothing of the other is kept`(request: Bool, response: Bool) async throws {
        let rule = CaptureRule(keepsRequest: request, keepsResponse: response)
        let captures = try await Self.play(rule) {
            try await $0.respond(200, [("x-up", "1")], "answer")
        } act: { gateway in
            _ = try await gateway.connect().exchange("POST", "/demo/chat/a", body: "hello")
        }
        let capture = try #require(captures.first)
        #expect(Self.text(capture.request) == (request ? "hello" : ""))
        #expect(Self.text(capture.response) == (response ? "answer" : ""))
        #expect((capture.request == CapturedMessage()) != request)
        #expect((capture.response == CapturedMessage()) != response)
    }

    @Test func `of a mirrored pair both halves are kept, whatever the rate`() async throws {
        let captures = try await Self.play(CaptureRule(samplingRate: 0), mirror: Shadow()) { visit in
            try await visit.respond(200, [], "got \(try await visit.body())")
        } act: { gateway in
            _ = try await gateway.connect().exchange("POST", "/demo/chat/a", body: "hello")
        }
        let live = try #require(captures.first { $0.receipt.mirrorOf.isEmpty })
        let copy = try #require(captures.first { $0.receipt.mirrorOf == "blue" })
        #expect(captures.count == 2 && live.receipt.requestID == copy.receipt.requestID)
        for half in [live, copy] {
            #expect(Self.text(half.request) == "hello" && Self.text(half.response) == "got hello")
        }
    }

    @Test(arguments: [CaptureCondition(callers: ["demo#other"]), CaptureCondition(header: .init(name: "x-team"))])
    func `of a mirrored pair no half is kept of a caller or headers that a rule leaves out`(
        only: CaptureCondition
    ) async throws {
        let rules: [(CaptureRule?, CaptureRule?)] = [
            (CaptureRule(only: only), nil), (nil, CaptureRule(only: only)),
            (CaptureRule(samplingRate: 0), CaptureRule(only: only)), (CaptureRule(only: only), CaptureRule()),
        ]
        for (live, mirror) in rules {
            let captures = try await Self.play(live, mirror: Shadow(rule: mirror)) {
                try await $0.respond(200, [], "a")
            } act: { gateway in
                _ = try await gateway.connect().exchange("POST", "/demo/chat/a", body: "hello")
            }
            #expect(captures.isEmpty, "\(captures.map(\.receipt.deployment))")
        }
    }

    @Test func `of a mirrored pair both halves are kept, though it is no error, where a header is right`() async throws
    {
        let only = CaptureCondition(errors: true, header: .init(name: "x-team", value: "a"))
        let captures = try await Self.play(CaptureRule(samplingRate: 0, only: only), mirror: Shadow()) {
            try await $0.respond(200, [], "a")
        } act: { gateway in
            let client = try await gateway.connect()
            for team in ["a", "b"] { _ = try await client.exchange("GET", "/demo/chat/\(team)", [("x-team", team)]) }
        }
        #expect(captures.map(\.receipt.path) == ["/demo/chat/a", "/demo/chat/a"])
        #expect(Set(captures.map(\.receipt.mirrorOf)) == ["", "blue"])
    }

    @Test func `a rule of the mirror alone keeps both halves of a pair, and nothing else`() async throws {
        let rule = CaptureRule(samplingRate: 0, keepsResponse: false, bodyLimit: 3)
        let captures = try await Self.play(nil, mirror: Shadow(percent: 50, rule: rule)) {
            try await $0.respond(200, [], "a")
        } act: { gateway in
            let client = try await gateway.connect()
            for _ in 0..<10 { _ = try await client.exchange("POST", "/demo/chat/a", body: "hello") }
        }
        #expect(captures.count == 10 && captures.count { $0.receipt.mirrorOf == "blue" } == 5)
        #expect(Set(captures.map(\.receipt.requestID)).count == 5)
        #expect(captures.allSatisfy { $0.rule == rule && Self.text($0.request) == "hel" && $0.response.size == 0 })
    }

    @Test func `a live half is kept for its pair's sake only where there is a copy`() async throws {
        let rules: [(CaptureRule?, CaptureRule?)] = [(CaptureRule(samplingRate: 0), nil), (nil, CaptureRule())]
        for (live, mirror) in rules {
            let isOver = Inbox<Bool>()
            let shadow = Shadow(rule: mirror, limit: 1) { visit in
                _ = try await isOver.next()
                try await visit.respond()
            }
            let captures = try await Self.play(live, mirror: shadow) {
                try await $0.respond(200, [], "a")
            } act: { gateway in
                let client = try await gateway.connect()
                for _ in 0..<10 { #expect(try await client.exchange("GET", "/demo/chat/a").status == 200) }
                #expect(gateway.mirrored == MirrorMeter.Counts(sent: 1, failed: 0, dropped: 9))
                isOver.put(true)
                try await wait { gateway.deployment("shadow")?.instances.first?.load.inFlight == 0 }
            }
            #expect(captures.map(\.receipt.mirrorOf) == ["", "blue"])
            #expect(Set(captures.map(\.receipt.requestID)).count == 1)
        }
    }

    @Test func `an answer of the gateway's own is kept too`() async throws {
        let captures = try await Self.play(CaptureRule()) {
            $0.cut()
        } act: { gateway in
            _ = try await gateway.connect().exchange("POST", "/demo/chat/a", body: "hello")
        }
        let capture = try #require(captures.first)
        #expect(capture.receipt.outcome == .failed && capture.receipt.status >= 400)
        #expect(Self.text(capture.response).contains("error"))
    }
}

extension CaptureQueue {
    fileprivate func takeAll() -> [CaptureDraft] {
        var all: [CaptureDraft] = []
        while case let batch = take(), !batch.isEmpty { all += batch }
        return all
    }
}
