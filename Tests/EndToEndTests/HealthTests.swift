import GatewayCore
import GatewayTestKit
import Synchronization
import Testing

/// Backends that are ill, beside healthy ones.
@Suite(.serialized) struct HealthTests {
    /// One upstream that answers with its name and one that follows a script, behind one deployment.
    private func play(
        _ transport: FakeUpstream.Transport,
        timeout: Duration = .seconds(20),
        ill: @escaping FakeUpstream.Script,
        act: (RunningGateway, _ healthy: FakeUpstream, _ ill: FakeUpstream) async throws -> Void
    ) async throws -> [Receipt] {
        let workspace = try Workspace()
        let healthy = try await FakeUpstream.start(transport, in: workspace, number: 0) {
            try await $0.respond(200, [], "healthy")
        }
        let faulty = try await FakeUpstream.start(transport, in: workspace, number: 1, script: ill)
        let blue = RunningGateway.Serving("blue", urls: [healthy.url, faulty.url], timeout: timeout)
        let receipts = try await RunningGateway.run([blue], in: workspace) { gateway in
            try await act(gateway, healthy, faulty)
        }
        try await healthy.stop()
        try await faulty.stop()
        return receipts
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a backend that hangs is left alone, and no other request suffers`(
        transport: FakeUpstream.Transport
    ) async throws {
        let receipts = try await play(transport, timeout: .seconds(2)) { _ in
        } act: { gateway, healthy, ill in
            let client = try await gateway.connect()
            var statuses: [Int] = []
            for _ in 0..<60 {
                statuses.append(try await client.exchange("POST", "/demo/chat/score", body: "x").status)
            }
            #expect(statuses.count { $0 == 408 } == ill.visits.count)
            #expect(statuses.count { $0 == 200 } == healthy.visits.count)
            // Its latency alone keeps it out of use as long as the other is free.
            #expect((1...3).contains(ill.visits.count))
        }
        for receipt in receipts where receipt.status != 200 { #expect(receipt.refusal == "RequestTimeout") }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a backend that fails half of its answers is left alone`(transport: FakeUpstream.Transport) async throws {
        _ = try await play(transport) { visit in
            try await visit.respond(visit.number.isMultiple(of: 2) ? 500 : 200, [], "ill")
        } act: { gateway, healthy, ill in
            let client = try await gateway.connect()
            var failed = 0
            for _ in 0..<200 where try await client.exchange("POST", "/demo/chat/a", body: "x").status == 500 {
                failed += 1
            }
            #expect(failed <= 12 && ill.visits.count <= 30)
            #expect(healthy.visits.count >= 170)
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `malformed answers take nobody out: a caller may have provoked them`(transport: FakeUpstream.Transport)
        async throws
    {
        _ = try await play(transport) { visit in
            try await visit.begin(200, [("content-length", "seven")])
        } act: { gateway, _, ill in
            let client = try await gateway.connect()
            var statuses: [Int] = []
            for _ in 0..<60 {
                statuses.append(try await client.exchange("POST", "/demo/chat/a", body: "x").status)
            }
            #expect(statuses.count { $0 == 502 } == ill.visits.count && ill.visits.count >= 12)
            #expect(gateway.deployment("blue")?.instances.last?.outage(at: 0) == nil)
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases, ["30", "Sat, 01 Jan 2050 00:00:00 GMT"])
    func `Retry-After takes the backend out for that long`(transport: FakeUpstream.Transport, until: String)
        async throws
    {
        _ = try await play(transport) { visit in
            try await visit.respond(503, [("retry-after", until)], "later")
        } act: { gateway, healthy, ill in
            let client = try await gateway.connect()
            for _ in 0..<20 { _ = try await client.exchange("POST", "/demo/chat/a", body: "x") }
            #expect(ill.visits.count == 1 && healthy.visits.count == 19)
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `one that is stopped costs no caller an answer`(
        transport: FakeUpstream.Transport
    ) async throws {
        let workspace = try Workspace()
        let steady = try await FakeUpstream.start(transport, in: workspace, number: 0) {
            try await $0.respond(200, [], "steady")
        }
        let flapping = try await FakeUpstream.start(transport, in: workspace, number: 1) {
            try await $0.respond(200, [("connection", "close")], "flapping")
        }
        let blue = RunningGateway.Serving("blue", urls: [steady.url, flapping.url])
        let receipts = try await RunningGateway.run([blue], in: workspace) { gateway in
            let client = try await gateway.connect()
            for _ in 0..<20 { #expect(try await client.exchange("POST", "/demo/chat/a", body: "x").status == 200) }
            try await flapping.stop()
            for _ in 0..<60 { #expect(try await client.exchange("POST", "/demo/chat/a", body: "x").status == 200) }
        }
        try await steady.stop()
        // At most five found nobody and were sent elsewhere; no more were tried within the second.
        #expect(receipts.count { $0.attempts == 2 } <= 6)
        #expect(receipts.allSatisfy { $0.status == 200 })
    }

    @Test func `a backend that drops every kept connection sees at most a fifth more requests, by its own count`()
        async throws
    {
        let workspace = try Workspace()
        let upstream = try await FakeUpstream.start(.http, in: workspace) { visit in
            if visit.isFirstOnConnection { try await visit.respond(200, [], "x") } else { visit.cut() }
        }
        let blue = RunningGateway.Serving("blue", urls: [upstream.url])
        let started = ContinuousClock.now
        try await RunningGateway.run([blue], in: workspace) { gateway in
            let client = try await gateway.connect()
            for _ in 0..<300 { _ = try await client.exchange("GET", "/demo/chat/a") }
        }
        let seconds = Int((ContinuousClock.now - started).components.seconds) + 1
        try await upstream.stop()
        #expect(upstream.visits.count > 300 + 60)
        #expect(upstream.visits.count <= 300 + 60 + 10 + 2 * seconds)
    }

    @Test func `with everybody down, requests are not multiplied beyond the budget`() async throws {
        let workspace = try Workspace()
        var urls: [String] = []
        for number in 0..<8 {
            let upstream = try await FakeUpstream.start(.http, in: workspace, number: number) { _ in }
            urls.append(upstream.url)
            try await upstream.stop()
        }
        let receipts = try await RunningGateway.run([RunningGateway.Serving("blue", urls: urls)], in: workspace) {
            gateway in
            let client = try await gateway.connect()
            for _ in 0..<200 { #expect(try await client.exchange("POST", "/demo/chat/a", body: "x").status == 502) }
        }
        let attempts = receipts.reduce(0) { $0 + $1.attempts }
        let seconds = Int(receipts.reduce(0) { $0 + $1.durationMicroseconds } / 1_000_000) + 1
        #expect(attempts <= 200 + 40 + 10 + 2 * seconds)
        #expect(attempts > 200)
    }
}
