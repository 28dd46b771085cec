import GatewayAPI
import Testing

@testable import Llama

@Suite struct InboxTests {
    private let work = Work(.text("x"), GenerationParameters()) { _ in }

    @Test func `requests beyond slots and queue are refused at once`() throws {
        let inbox = Inbox(slots: 1, queue: 1)
        _ = try inbox.submit(work)
        _ = try inbox.submit(work)
        #expect(throws: EngineFailure.busy(slots: 1, queue: 1)) { _ = try inbox.submit(work) }
    }

    @Test func `a request that is over makes room for the next`() throws {
        let inbox = Inbox(slots: 1, queue: 0)
        _ = try inbox.submit(work)
        inbox.ended()
        _ = try inbox.submit(work)
    }

    @Test func `a tenant with less than another is let in to a full queue, within a bound`() throws {
        let inbox = Inbox(slots: 1, queue: 3)
        for _ in 0..<4 { _ = try inbox.submit(work) }
        func other(_ name: String) -> Work {
            Work(.text("x"), GenerationParameters(), WorkTerms(tenant: name)) { _ in }
        }
        for _ in 0..<3 { _ = try inbox.submit(other("b")) }
        #expect(throws: EngineFailure.busy(slots: 1, queue: 3)) { _ = try inbox.submit(other("b")) }
        #expect(throws: EngineFailure.busy(slots: 1, queue: 3)) { _ = try inbox.submit(work) }
        _ = try inbox.submit(other("c"))
        #expect(throws: EngineFailure.busy(slots: 1, queue: 3)) { _ = try inbox.submit(other("d")) }
    }

    @Test func `a caller with less than another of its tenant is let in to a full queue`() throws {
        let inbox = Inbox(slots: 1, queue: 3)
        for _ in 0..<4 { _ = try inbox.submit(work) }
        let other = Work(.text("x"), GenerationParameters(), WorkTerms(caller: "other")) { _ in }
        for _ in 0..<3 { _ = try inbox.submit(other) }
        #expect(throws: EngineFailure.busy(slots: 1, queue: 3)) { _ = try inbox.submit(other) }
        for _ in 0..<3 { inbox.ended(other.terms) }
        #expect(throws: EngineFailure.busy(slots: 1, queue: 3)) { _ = try inbox.submit(work) }
        _ = try inbox.submit(other)
    }

    @Test func `an engine that stops takes nothing more`() {
        let inbox = Inbox(slots: 1, queue: 1)
        inbox.stop()
        #expect(throws: EngineFailure.stopping) { _ = try inbox.submit(work) }
    }

    @Test func `messages come out in the order they went in, once`() throws {
        let inbox = Inbox(slots: 2, queue: 0)
        let first = try inbox.submit(work)
        inbox.cancel(first)
        #expect(inbox.take(waiting: false).count == 2)
        #expect(inbox.take(waiting: false).isEmpty)
    }
}
