import GatewayCore
import GatewayTestKit
import Testing

/// What answers in the place of a deployment that cannot.
@Suite(.serialized) struct FallbackTests {
    /// Who answered, and why it was not another.
    private struct Said: Equatable {
        let body: String
        let reason: String?
    }

    private static func access(_ statuses: Set<Int> = [429, 500, 502, 503, 504]) -> RunningGateway.Access {
        var access = RunningGateway.Access()
        access.fallback = ["green"]
        access.fallbackStatuses = statuses
        return access
    }

    /// `blue` follows the script and has all traffic, `green` answers in its place with what it was sent.
    private func play(
        _ transport: FakeUpstream.Transport,
        timeout: Duration = .seconds(20),
        statuses: Set<Int> = [429, 500, 502, 503, 504],
        script: @escaping FakeUpstream.Script,
        act: (RunningGateway, _ blue: FakeUpstream, _ green: FakeUpstream) async throws -> Void
    ) async throws -> [Receipt] {
        let workspace = try Workspace()
        let blue = try await FakeUpstream.start(transport, in: workspace, number: 0, script: script)
        let green = try await FakeUpstream.start(transport, in: workspace, number: 1) {
            try await $0.respond(200, [], "green got " + $0.body())
        }
        let serving = [
            RunningGateway.Serving("blue", weight: 100, urls: [blue.url], timeout: timeout),
            RunningGateway.Serving("green", weight: 0, urls: [green.url]),
        ]
        let receipts = try await RunningGateway.run(serving, in: workspace, access: Self.access(statuses)) { gateway in
            try await act(gateway, blue, green)
        }
        try await blue.stop()
        try await green.stop()
        return receipts
    }

    @Test(arguments: FakeUpstream.Transport.allCases, [429, 500, 503])
    func `a chosen status is answered by the next deployment, which gets the whole request`(
        transport: FakeUpstream.Transport,
        status: Int
    ) async throws {
        let receipts = try await play(transport) { visit in
            _ = try await visit.body()
            try await visit.respond(status, [], "no")
        } act: { gateway, _, _ in
            let client = try await gateway.connect()
            for _ in 0..<3 {
                let answer = try await client.exchange("POST", "/demo/chat/score", body: "the question")
                #expect(answer.status == 200 && answer.body == "green got the question")
                #expect(answer["x-gatehouse-fallback"] == "status_\(status)")
                #expect(answer["azureml-model-deployment"] == "green")
            }
        }
        #expect(receipts.map(\.deployment) == ["green", "green", "green"])
        #expect(receipts.allSatisfy { $0.upstreamStatus == 200 && $0.attempts == 2 })
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a status that was not chosen is the answer`(transport: FakeUpstream.Transport) async throws {
        _ = try await play(transport, statuses: [503]) {
            try await $0.respond(500, [], "mine")
        } act: { gateway, _, green in
            let answer = try await gateway.connect().exchange("POST", "/demo/chat/a", body: "x")
            #expect(answer.status == 500 && answer.body == "mine" && answer["x-gatehouse-fallback"] == nil)
            #expect(green.visits.isEmpty)
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a time-out before the first byte falls back`(transport: FakeUpstream.Transport) async throws {
        _ = try await play(transport, timeout: .milliseconds(100)) { _ in
        } act: { gateway, blue, _ in
            let answer = try await gateway.connect().exchange("POST", "/demo/chat/score", body: "x")
            #expect(answer.status == 200 && answer["x-gatehouse-fallback"] == "timeout")
            try await blue.visits[0].gatewayLeft()
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a backend that hangs costs five callers their time, then requests go straight to the fallback`(
        transport: FakeUpstream.Transport
    ) async throws {
        _ = try await play(transport, timeout: .milliseconds(100)) { _ in
        } act: { gateway, blue, _ in
            let client = try await gateway.connect()
            var reasons: [String?] = []
            for _ in 0..<8 {
                let answer = try await client.exchange("POST", "/demo/chat/score", body: "x")
                #expect(answer.status == 200)
                reasons.append(answer["x-gatehouse-fallback"])
            }
            #expect(reasons.prefix(5).allSatisfy { $0 == "timeout" })
            #expect(reasons[5] == "no_healthy_instance")
            #expect(gateway.deployment("blue")?.instances.last?.outage(at: 0) == "it did not answer in time")
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `an answer that has begun is never taken over`(transport: FakeUpstream.Transport) async throws {
        let receipts = try await play(transport) { visit in
            try await visit.begin(200, [("content-length", "100")])
            try await visit.send("only this")
            visit.cut()
        } act: { gateway, _, green in
            let client = try await gateway.connect()
            try await client.request("GET", "/demo/chat/a")
            #expect(try await client.head().status == 200)
            await #expect(throws: GatewayClosed.self) { try await client.bytes(100) }
            #expect(green.visits.isEmpty)
        }
        #expect(receipts.map(\.outcome) == [.failed])
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a lost connection falls back for GET, and not for POST, which may have been worked on`(
        transport: FakeUpstream.Transport
    ) async throws {
        _ = try await play(transport) {
            $0.cut()
        } act: { gateway, _, green in
            let client = try await gateway.connect()
            let get = try await client.exchange("GET", "/demo/chat/a")
            #expect(get.status == 200 && get["x-gatehouse-fallback"] == "connection_lost")
            #expect(try await client.exchange("POST", "/demo/chat/a", body: "x").status == 502)
            #expect(green.visits.map(\.method) == ["GET"])
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a body of a megabyte is sent again, a larger one is not`(transport: FakeUpstream.Transport) async throws {
        _ = try await play(transport) { visit in
            _ = try await visit.body()
            try await visit.respond(503, [], "no")
        } act: { gateway, _, _ in
            let client = try await gateway.connect()
            let small = String(repeating: "x", count: 900_000)
            let answer = try await client.exchange("POST", "/demo/chat/a", body: small)
            #expect(answer.status == 200 && answer.body == "green got " + small)
            #expect(try await client.exchange("POST", "/demo/chat/a", body: small + small).status == 503)
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `all backends stopped: the fallback answers; back again: traffic returns within 5 s`(
        transport: FakeUpstream.Transport
    ) async throws {
        let workspace = try Workspace()
        let script: FakeUpstream.Script = { try await $0.respond(200, [("connection", "close")], "blue") }
        let blue = try await FakeUpstream.start(transport, in: workspace, number: 0, script: script)
        let green = try await FakeUpstream.start(transport, in: workspace, number: 1) {
            try await $0.respond(200, [], "green")
        }
        let serving = [
            RunningGateway.Serving("blue", weight: 100, urls: [blue.url]),
            RunningGateway.Serving("green", weight: 0, urls: [green.url]),
        ]
        try await RunningGateway.run(serving, in: workspace, access: Self.access()) { gateway in
            let client = try await gateway.connect()
            func answers() async throws -> Said {
                let answer = try await client.exchange("POST", "/demo/chat/a", body: "x")
                return Said(body: answer.body, reason: answer["x-gatehouse-fallback"])
            }
            #expect(try await answers() == Said(body: "blue", reason: nil))
            try await blue.stop()
            for number in 0..<20 {
                let answer = try await answers()
                #expect(answer.body == "green")
                // Five are tried in vain, then the open circuit sends them on at once.
                #expect(answer.reason == (number < 5 ? "connect_failed" : "no_healthy_instance"))
            }
            let again = try await FakeUpstream.start(
                transport,
                in: workspace,
                number: 0,
                port: blue.port,
                script: script
            )
            let start = ContinuousClock.now
            try await wait { try await answers().body == "blue" }
            #expect(ContinuousClock.now - start < .seconds(20))
            for _ in 0..<10 { #expect(try await answers() == Said(body: "blue", reason: nil)) }
            try await again.stop()
        }
        try await green.stop()
    }

    @Test func `a fallback that is full lets wait, and has its own time to answer`() async throws {
        let workspace = try Workspace()
        let blue = try await FakeUpstream.start(.http, in: workspace, number: 0) { _ in }
        let green = try await FakeUpstream.start(.http, in: workspace, number: 1) { visit in
            if visit.number > 1 { try await visit.respond(200, [], "green") }
        }
        var narrow = RunningGateway.Serving("green", weight: 0, urls: [green.url], timeout: .seconds(3))
        narrow.capacity = Deployment.Capacity(limit: 1, queueWait: .seconds(20))
        let serving = [
            RunningGateway.Serving("blue", weight: 100, urls: [blue.url], timeout: .seconds(4)), narrow,
        ]
        try await RunningGateway.run(serving, in: workspace, access: Self.access()) { gateway in
            let second = try await gateway.connect()
            try await second.request("POST", "/demo/chat/a", body: "x")
            _ = try await blue.arrivals.next()
            // So late that green's time, counted from the request's first byte, would be over when its turn comes.
            try await Task.sleep(for: .milliseconds(2500))
            let first = try await gateway.connect()
            try await first.request("POST", "/demo/chat/a", [("azureml-model-deployment", "green")], body: "x")
            let busy = try await green.arrivals.next()
            for _ in 0..<1000 where gateway.deployment("green")?.queue.isEmpty != false {
                try await Task.sleep(for: .milliseconds(5))
            }
            try await busy.respond(200, [], "first")
            let answer = try await second.answer()
            #expect(answer.body == "green" && answer["x-gatehouse-fallback"] == "timeout")
            await first.leave()
        }
        try await blue.stop()
        try await green.stop()
    }

    @Test func `what waited in vain falls back`() async throws {
        let workspace = try Workspace()
        let blue = try await FakeUpstream.start(.http, in: workspace, number: 0) { _ in }
        let green = try await FakeUpstream.start(.http, in: workspace, number: 1) {
            try await $0.respond(200, [], "green")
        }
        var narrow = RunningGateway.Serving("blue", weight: 100, urls: [blue.url])
        narrow.capacity = Deployment.Capacity(limit: 1, queueWait: .milliseconds(30))
        let serving = [narrow, RunningGateway.Serving("green", weight: 0, urls: [green.url])]
        try await RunningGateway.run(serving, in: workspace, access: Self.access()) { gateway in
            let first = try await gateway.connect()
            try await first.request("POST", "/demo/chat/a", body: "x")
            _ = try await blue.arrivals.next()
            let answer = try await gateway.connect().exchange("POST", "/demo/chat/a", body: "x")
            #expect(answer.body == "green" && answer["x-gatehouse-fallback"] == "queue_full")
            await first.leave()
        }
        try await blue.stop()
        try await green.stop()
    }
}
