import GatewayCore
import GatewayTestKit
import NIOCore
import NIOHTTP1
import Testing

/// Copies of live requests: what the mirror gets, and that nothing of it shows to the caller.
@Suite(.serialized) struct MirrorTests {
    /// `blue` answers callers, `shadow` gets copies of all requests.
    @discardableResult
    private static func play(
        _ transport: FakeUpstream.Transport,
        rules: UsageRules = .none,
        timeout: Duration = .patience * 2,
        limit: Int? = nil,
        shadow script: @escaping FakeUpstream.Script,
        act: (RunningGateway, _ blue: FakeUpstream, _ shadow: FakeUpstream) async throws -> Void
    ) async throws -> [Receipt] {
        let workspace = try Workspace()
        let blue = try await FakeUpstream.start(transport, in: workspace, number: 0) { visit in
            try await visit.respond(200, [("content-type", "application/json")], "blue got \(try await visit.body())")
        }
        let shadow = try await FakeUpstream.start(transport, in: workspace, number: 1, script: script)
        var mirror = RunningGateway.Serving("shadow", weight: 0, urls: [shadow.url], timeout: timeout, model: "small")
        mirror.mirror = 100
        mirror.capacity.limit = limit
        var access = RunningGateway.Access()
        access.rules = rules
        let serving = [RunningGateway.Serving("blue", urls: [blue.url]), mirror]
        let receipts = try await RunningGateway.run(serving, in: workspace, access: access) { gateway in
            try await act(gateway, blue, shadow)
        }
        try await blue.stop()
        try await shadow.stop()
        return receipts
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a mirror gets the same request, and its answer is only booked`(transport: FakeUpstream.Transport) async throws
    {
        let bodies = Inbox<String>()
        let receipts = try await Self.play(transport) { visit in
            bodies.put(try await visit.body())
            try await visit.respond(418, [("x-shadow", "1")], "no")
        } act: { gateway, blue, shadow in
            let client = try await gateway.connect()
            let answer = try await client.exchange("POST", "/demo/chat/echo?x=y", [("x-down", "2")], body: "hello")
            #expect(answer.status == 200 && answer.body == "blue got hello" && answer["x-shadow"] == nil)
            #expect(answer["azureml-model-deployment"] == "blue")
            #expect(try await bodies.next() == "hello")
            let (live, copy) = (try await blue.arrivals.next(), try await shadow.arrivals.next())
            #expect(copy.method == "POST" && copy.target == "/echo?x=y")
            for name in ["x-request-id", "x-down", "x-forwarded-for", "content-length"] {
                #expect(copy.headers[name] == live.headers[name], "\(name)")
            }
            #expect(copy.headers["x-gatehouse-mirror-of"] == ["blue"])
            #expect(copy.headers["authorization"].isEmpty)
        }
        let live = try #require(receipts.first { $0.mirrorOf.isEmpty })
        let copy = try #require(receipts.first { $0.mirrorOf == "blue" })
        #expect(receipts.count == 2 && copy.requestID == live.requestID && copy.caller == live.caller)
        #expect(copy.deployment == "shadow" && copy.upstreamStatus == 418 && copy.outcome == .completed)
        #expect(copy.requestBytes == 5 && copy.responseBytes == 2 && copy.cost == 0 && !copy.countsAsUsage)
    }

    @Test func `a copy asks for the mirror's own model`() async throws {
        let bodies = Inbox<String>()
        try await Self.play(.http) { visit in
            bodies.put(try await visit.body())
            try await visit.respond()
        } act: { gateway, _, _ in
            let client = try await gateway.connect()
            let answer = try await client.exchange(
                "POST",
                "/v1/chat/completions",
                [("content-type", "application/json")],
                body: #"{"model":"gpt","messages":[]}"#
            )
            #expect(answer.body == #"blue got {"model":"gpt","messages":[]}"#)
            #expect(try await bodies.next() == #"{"model":"small","messages":[]}"#)
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a streamed request reaches the mirror piece by piece`(transport: FakeUpstream.Transport) async throws {
        let pieces = Inbox<String>()
        try await Self.play(transport) { visit in
            while let piece = try await visit.piece() { pieces.put(String(buffer: piece)) }
            pieces.put("end")
            try await visit.respond()
        } act: { gateway, _, _ in
            let client = try await gateway.connect()
            try await client.request("POST", "/demo/chat/upload", [("transfer-encoding", "chunked")])
            for text in ["first", "second"] {
                try await client.send("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n")
                #expect(try await pieces.next() == text)
            }
            try await client.send("0\r\n\r\n")
            #expect(try await client.answer().body == "blue got firstsecond")
            #expect(try await pieces.next() == "end")
        }
    }

    @Test(arguments: ["hangs", "breaks off", "answers late", "answers without end"])
    func `a mirror that fails changes nothing for callers`(fault: String) async throws {
        let receipts = try await Self.play(.http, timeout: .seconds(2)) { visit in
            switch fault {
            case "hangs": try await visit.gatewayLeft()
            case "breaks off": visit.cut()
            case "answers late":
                try await Task.sleep(for: .milliseconds(500))
                try await visit.respond()
            default:
                try await visit.begin(200)
                while true {
                    try await visit.send("x")
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
        } act: { gateway, blue, _ in
            let client = try await gateway.connect()
            let started = ContinuousClock.now
            for number in 0..<50 {
                let answer = try await client.exchange("POST", "/demo/chat/score", body: "\(number)")
                #expect(answer.status == 200 && answer.body == "blue got \(number)")
            }
            // Fifty calls behind a mirror that is late would take 25 seconds, and 100 behind one that hangs.
            #expect(ContinuousClock.now - started < .seconds(20))
            #expect(blue.visits.count == 50)
        }
        #expect(receipts.count { $0.mirrorOf.isEmpty && $0.outcome == .completed } == 50)
        let copies = receipts.filter { !$0.mirrorOf.isEmpty }
        #expect(copies.count == 50)
        #expect(
            copies.allSatisfy { ($0.outcome == .completed) == (fault == "answers late") },
            "\(copies.map(\.outcome))"
        )
    }

    @Test func `a mirror that nobody listens for is booked as failed`() async throws {
        let workspace = try Workspace()
        let blue = try await FakeUpstream.start(.http, in: workspace) { try await $0.respond(200, [], "blue") }
        let gone = try await FakeUpstream.start(.http, in: workspace, number: 1) { try await $0.respond() }
        try await gone.stop()
        var shadow = RunningGateway.Serving("shadow", weight: 0, urls: [gone.url])
        shadow.mirror = 100
        let serving = [RunningGateway.Serving("blue", urls: [blue.url]), shadow]
        let receipts = try await RunningGateway.run(serving, in: workspace) { gateway in
            let client = try await gateway.connect()
            for _ in 0..<10 { #expect(try await client.exchange("GET", "/demo/chat/score").body == "blue") }
        }
        #expect(receipts.count { $0.mirrorOf == "blue" && $0.outcome == .failed && $0.upstreamStatus == 0 } == 10)
        try await blue.stop()
    }

    @Test func `a caller who leaves takes the copy along, once its request cannot be whole`() async throws {
        let pieces = Inbox<String>()
        let receipts = try await Self.play(.http) { visit in
            while let piece = try await visit.piece() { pieces.put(String(buffer: piece)) }
            pieces.put("over")
        } act: { gateway, _, _ in
            let client = try await gateway.connect()
            try await client.request("POST", "/demo/chat/upload", [("transfer-encoding", "chunked")])
            try await client.send("5\r\nfirst\r\n")
            #expect(try await pieces.next() == "first")
            await client.leave()
            #expect(try await pieces.next() == "over")
        }
        #expect(receipts.count { $0.mirrorOf == "blue" && $0.outcome == .cancelled } == 1)
    }

    @Test func `a request that pins a deployment is not mirrored`() async throws {
        try await Self.play(.http) {
            try await $0.respond()
        } act: { gateway, _, shadow in
            let client = try await gateway.connect()
            for _ in 0..<5 {
                let pinned = [("azureml-model-deployment", "blue")]
                #expect(try await client.exchange("GET", "/demo/chat/score", pinned).status == 200)
            }
            #expect(shadow.visits.isEmpty)
        }
    }

    @Test func `a mirror with a limit of one sees at most one copy at a time, and the rest are dropped and counted`()
        async throws
    {
        let copies = try await Self.play(.http, limit: 1) { _ in
        } act: { gateway, _, shadow in
            let client = try await gateway.connect()
            for _ in 0..<10 { #expect(try await client.exchange("GET", "/demo/chat/score").status == 200) }
            let visit = try await shadow.arrivals.next()
            #expect(shadow.visits.count == 1)
            #expect(gateway.mirrored == MirrorMeter.Counts(sent: 1, failed: 0, dropped: 9))
            visit.cut()
            try await wait { gateway.deployment("shadow")?.instances.first?.load.inFlight == 0 }
        }.filter { !$0.mirrorOf.isEmpty }
        #expect(copies.count == 1)
    }

    @Test func `copies take nothing of the limits`() async throws {
        let rules = UsageRules(limits: [LimitRule(.requests, 5, per: .hour)])
        try await Self.play(.http, rules: rules) {
            try await $0.respond()
        } act: { gateway, _, _ in
            let client = try await gateway.connect()
            for left in (0..<5).reversed() {
                let answer = try await client.exchange("GET", "/demo/chat/score")
                #expect(answer.status == 200 && answer["x-ratelimit-remaining-requests"] == "\(left)")
            }
            #expect(try await client.exchange("GET", "/demo/chat/score").status == 429)
        }
    }
}
