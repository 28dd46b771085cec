import GatewayCore
import GatewayTestKit
import NIOCore
import Synchronization
import Testing

/// Requests that wait for an instance that has as many as it may.
@Suite(.serialized) struct QueueTests {
    private static func blue(_ url: String, limit: Int = 1, wait: Duration, timeout: Duration = .seconds(20))
        -> RunningGateway.Serving
    {
        var blue = RunningGateway.Serving("blue", urls: [url], timeout: timeout)
        blue.capacity = Deployment.Capacity(limit: limit, queueWait: wait)
        return blue
    }

    @Test(arguments: FakeUpstream.Transport.allCases, [1, 3])
    func `no instance ever has more requests than it may, and all are answered`(
        transport: FakeUpstream.Transport,
        limit: Int
    ) async throws {
        let workspace = try Workspace()
        let running = Mutex((now: 0, most: 0))
        let upstream = try await FakeUpstream.start(transport, in: workspace) { visit in
            running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            try await Task.sleep(for: .milliseconds(2))
            running.withLock { $0.now -= 1 }
            try await visit.respond(200, [], "x")
        }
        let serving = Self.blue(upstream.url, limit: limit, wait: .seconds(20))
        let receipts = try await RunningGateway.run([serving], in: workspace, threads: 2) { gateway in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<12 {
                    group.addTask {
                        let client = try await gateway.connect()
                        for _ in 0..<5 {
                            #expect(try await client.exchange("POST", "/demo/chat/score", body: "x").status == 200)
                        }
                    }
                }
                try await group.waitForAll()
            }
            // The last client has its answer a moment before its place is given back.
            try await wait { gateway.deployment("blue")?.instances.first?.load.inFlight == 0 }
        }
        try await upstream.stop()
        #expect(running.withLock { $0.most } == limit)
        #expect(receipts.count { $0.outcome == .completed } == 60)
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a wait that is over is 429 and names the setting, its value and the deployment`(
        transport: FakeUpstream.Transport
    ) async throws {
        let workspace = try Workspace()
        let upstream = try await FakeUpstream.start(transport, in: workspace) { _ in }
        let serving = Self.blue(upstream.url, wait: .milliseconds(50))
        let receipts = try await RunningGateway.run([serving], in: workspace) { gateway in
            let first = try await gateway.connect()
            try await first.request("POST", "/demo/chat/score", body: "x")
            _ = try await upstream.arrivals.next()
            let answer = try await gateway.connect().exchange("POST", "/demo/chat/score", body: "x")
            #expect(answer.status == 429 && answer["retry-after"] == "1")
            for text in ["blue", "max_queue_wait_ms = 50", "max_concurrent_requests_per_instance = 1"] {
                #expect(answer.body.contains(text))
            }
            await first.leave()
            try await upstream.visits[0].gatewayLeft()
        }
        try await upstream.stop()
        #expect(receipts.map(\.refusal).contains("QueueWaitOver"))
        #expect(receipts.first { $0.refusal == "QueueWaitOver" }?.outcome == .refused)
        #expect(upstream.visits.count == 1)
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a client that leaves the queue is never sent on`(transport: FakeUpstream.Transport) async throws {
        let workspace = try Workspace()
        let upstream = try await FakeUpstream.start(transport, in: workspace) { visit in
            if visit.target == "/score" { return }
            try await visit.respond(200, [], "next")
        }
        let receipts = try await RunningGateway.run([Self.blue(upstream.url, wait: .seconds(20))], in: workspace) {
            gateway in
            let first = try await gateway.connect()
            try await first.request("POST", "/demo/chat/score", body: "x")
            let visit = try await upstream.arrivals.next()
            let second = try await gateway.connect()
            try await second.request("POST", "/demo/chat/never", body: "x")
            try await wait { gateway.waiting == 1 }
            await second.leave()
            try await wait { gateway.waiting == 0 }
            let third = try await gateway.connect()
            try await third.request("POST", "/demo/chat/third", body: "x")
            try await wait { gateway.waiting == 1 }
            try await visit.respond(200, [], "first")
            #expect(try await first.answer().body == "first")
            #expect(try await third.answer().body == "next")
        }
        try await upstream.stop()
        #expect(upstream.visits.map(\.target) == ["/score", "/third"])
        #expect(receipts.count { $0.outcome == .cancelled } == 1)
    }

    @Test func `who waits is served when another instance's pause is over, without any other request`() async throws {
        let workspace = try Workspace()
        let busy = try await FakeUpstream.start(.http, in: workspace, number: 0) { _ in }
        let paused = try await FakeUpstream.start(.http, in: workspace, number: 1) {
            try await $0.respond(200, [], "paused")
        }
        var blue = Self.blue(busy.url, wait: .seconds(15))
        blue.urls.append(paused.url)
        try await RunningGateway.run([blue], in: workspace) { gateway in
            let now = Int64(clamping: NIODeadline.now().uptimeNanoseconds)
            gateway.deployment("blue")?.instances[1].pause(seconds: 1, at: now)
            let first = try await gateway.connect()
            try await first.request("POST", "/demo/chat/score", body: "x")
            _ = try await busy.arrivals.next()
            let answer = try await gateway.connect().exchange("POST", "/demo/chat/score", body: "x")
            #expect(answer.status == 200 && answer.body == "paused")
            await first.leave()
        }
        try await busy.stop()
        try await paused.stop()
    }

    @Test func `who waits falls back at once when the last instance goes out`() async throws {
        let workspace = try Workspace()
        let busy = try await FakeUpstream.start(.http, in: workspace, number: 0) { _ in }
        let other = try await FakeUpstream.start(.http, in: workspace, number: 1) {
            try await $0.respond(200, [], "green")
        }
        var access = RunningGateway.Access()
        access.fallback = ["green"]
        let serving = [Self.blue(busy.url, wait: .seconds(15)), .init("green", weight: 0, urls: [other.url])]
        try await RunningGateway.run(serving, in: workspace, access: access) { gateway in
            let first = try await gateway.connect()
            try await first.request("POST", "/demo/chat/score", body: "x")
            _ = try await busy.arrivals.next()
            let second = try await gateway.connect()
            try await second.request("POST", "/demo/chat/score", body: "x")
            try await wait { gateway.waiting == 1 }
            let now = Int64(clamping: NIODeadline.now().uptimeNanoseconds)
            gateway.deployment("blue")?.instances[0].pause(seconds: 60, at: now)
            let answer = try await second.answer()
            #expect(answer.status == 200 && answer.body == "green")
            #expect(answer["x-gatehouse-fallback"] == "no_healthy_instance")
            await first.leave()
        }
        try await busy.stop()
        try await other.stop()
    }

    @Test func `one request of another caller starts within one service time, 100 of 100, whatever waits`() async throws
    {
        let workspace = try Workspace()
        let upstream = try await FakeUpstream.start(.http, in: workspace) { visit in
            try await Task.sleep(for: .milliseconds(40))
            try await visit.respond(200, [], "x")
        }
        var access = RunningGateway.Access()
        access.secondKey = "another key"
        let serving = Self.blue(upstream.url, wait: .seconds(60), timeout: .seconds(120))
        try await RunningGateway.run([serving], in: workspace, access: access) { gateway in
            let over = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                // A has two hundred waiting all the time, on as many connections.
                for _ in 0..<200 {
                    group.addTask {
                        let client = try await gateway.connect()
                        while over.value == 0 {
                            try await client.request("GET", "/demo/chat/a")
                            if over.value > 0 { return await client.leave() }
                            _ = try await client.answer()
                        }
                    }
                }
                try await wait { gateway.waiting ?? 0 >= 180 }
                let client = try await gateway.connect()
                for _ in 0..<100 {
                    let before = upstream.visits.count
                    #expect(try await client.exchange("GET", "/demo/chat/b", key: "another key").status == 200)
                    let visits = upstream.visits.dropFirst(before)
                    // At most the one that had its turn already.
                    #expect((visits.firstIndex { $0.target == "/b" } ?? .max) - before <= 1)
                }
                over.increment()
                group.cancelAll()
            }
        }
        try await upstream.stop()
    }
}

extension RunningGateway {
    /// How many requests wait for `blue`.
    fileprivate var waiting: Int? { deployment("blue")?.queue.waiting }
}
