import GatewayStore
import Testing

@testable import GatewayAdmin

@Suite struct PullQueueTests {
    private func pull(_ number: Int, _ tenant: String = "demo", sha256: String? = nil) -> ModelPulls.Pull {
        ModelPulls.Pull(
            tenant: tenant,
            source: .web("https://models.example.com/\(number)"),
            name: "m\(number)",
            sha256: sha256,
            isOwner: true
        )
    }

    private func enter(_ number: Int, _ tenant: String = "demo", _ queue: inout PullQueue) throws -> String? {
        #expect(try queue.claim(pull(number, tenant)) == nil)
        return queue.enter(PullQueue.Job(pull: pull(number, tenant), operation: "\(number)", origin: .gateway))
    }

    private func drain(_ queue: inout PullQueue) -> [String] {
        var begun: [String] = []
        while let job = queue.next() { begun.append(job.operation) }
        return begun
    }

    @Test func `four run at once, two of a tenant, in turn between tenants and in the order of asking within one`()
        throws
    {
        var queue = PullQueue()
        for number in 1...3 { _ = try enter(number, "demo", &queue) }
        for number in 4...6 { _ = try enter(number, "other", &queue) }
        #expect(drain(&queue) == ["1", "4", "2", "5"])
        queue.end(pull(4, "other"))
        #expect(drain(&queue) == ["6"])
        queue.end(pull(1))
        #expect(drain(&queue) == ["3"])
    }

    @Test func `two tenants with slow servers hold up no other tenant's first pull, but its second`() throws {
        var queue = PullQueue()
        for number in 1...2 { _ = try enter(number, "demo", &queue) }
        for number in 3...4 { _ = try enter(number, "other", &queue) }
        #expect(drain(&queue).count == 4)
        #expect(try enter(5, "third", &queue) == nil)
        #expect(try enter(6, "third", &queue)?.contains("4 models are being pulled, 0 of them of third") == true)
        #expect(drain(&queue) == ["5"])
        queue.end(pull(1))
        #expect(drain(&queue).isEmpty)
        queue.end(pull(3, "other"))
        #expect(drain(&queue) == ["6"])
    }

    @Test func `a place that is free goes to the tenant that has waited longest for its turn`() throws {
        var queue = PullQueue()
        for (number, tenant) in [(1, "demo"), (2, "other"), (3, "third"), (4, "fourth")] {
            _ = try enter(number, tenant, &queue)
        }
        #expect(drain(&queue).count == 4)
        for number in 5...7 { _ = try enter(number, "demo", &queue) }
        _ = try enter(8, "other", &queue)
        queue.end(pull(3, "third"))
        #expect(drain(&queue) == ["5"])
        queue.end(pull(5))
        #expect(drain(&queue) == ["8"])
        queue.end(pull(4, "fourth"))
        #expect(drain(&queue) == ["6"])
    }

    @Test func `the first pulls of very many tenants wait too`() throws {
        var queue = PullQueue()
        for number in 0...PullQueue.mostTenants { _ = try enter(number, "tenant-\(number)", &queue) }
        #expect(drain(&queue).count == PullQueue.mostTenants)
    }

    @Test func `one that does not begin at once is told why`() throws {
        var queue = PullQueue()
        #expect(try enter(1, "demo", &queue) == nil)
        _ = try enter(2, "demo", &queue)
        #expect(drain(&queue).count == 2)
        let told = try enter(3, "demo", &queue)
        #expect(told?.contains("waits for its turn: 2 models are being pulled, 2 of them of demo") == true)
        let further = try enter(4, "demo", &queue)
        #expect(further?.contains("1 of demo were asked for before") == true)
    }

    @Test func `of one source there is one pull, which who asks for the same is led to`() throws {
        var queue = PullQueue()
        _ = try enter(1, "demo", &queue)
        #expect(try queue.claim(pull(1)) == "1")
        let other = String(repeating: "0", count: 64)
        #expect(throws: APIError.self) { try queue.claim(pull(1, sha256: other)) }
        queue.end(pull(1))
        #expect(try queue.claim(pull(1)) == nil)
        // Whoever comes before its operation is there has none to be led to.
        #expect(throws: APIError.self) { try queue.claim(pull(1)) }
    }

    @Test func `one that waits is stopped at once, and one that runs is told who wants it to stop`() async throws {
        var queue = PullQueue()
        for number in 1...3 { _ = try enter(number, "demo", &queue) }
        let begun = queue.next()
        let job = try #require(begun)
        _ = queue.next()
        func origin(_ author: String) -> ChangeOrigin { ChangeOrigin(author: author, address: "", request: "") }
        let stopped = [("3", "alice"), ("3", "alice"), ("1", "alice"), ("1", "bob")]
            .map { queue.stop($0.0, by: origin($0.1)) }
        #expect(stopped == [.left, .nothing, .told, .told])
        for await _ in job.stop.stream {}
        #expect(drain(&queue).isEmpty)
        #expect(queue.end(pull(1))?.author == "alice")
        #expect(queue.end(pull(2)) == nil)
    }

    @Test func `a tenant has a bounded number of pulls waiting, and no other tenant feels it`() throws {
        var queue = PullQueue()
        for number in 0..<PullQueue.mostWaiting { _ = try enter(number, "demo", &queue) }
        #expect(throws: APIError.self) { try queue.claim(pull(1000)) }
        #expect(try queue.claim(pull(1000, "other")) == nil)
    }
}
