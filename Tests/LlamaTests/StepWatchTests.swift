import GatewayAPI
import Testing

@testable import Llama

@Suite struct StepWatchTests {
    private let watch = StepWatch(limit: .seconds(60))
    private let start = SuspendingClock.now

    private func fault(after seconds: Int) -> String? { watch.fault(at: start + .seconds(seconds)) }

    /// A step that is over: those after it are not the first.
    private func warmUp() {
        watch.begins(1, at: start)
        watch.ended(at: start)
    }

    @Test func `an engine that has nothing to do never hangs`() {
        #expect(fault(after: 100_000) == nil)
        warmUp()
        watch.rests()
        #expect(fault(after: 100_000) == nil)
    }

    @Test func `a step that takes longer than its limit is a fault that says so`() {
        warmUp()
        watch.begins(StepWatch.tokens, at: start)
        #expect(fault(after: 60) == nil)
        #expect(fault(after: 75) == "one step of its engine has taken 75 s so far; step_seconds = 60")
        watch.ended(at: start + .seconds(75))
        #expect(fault(after: 76) == nil)
    }

    @Test func `a step of many tokens has several times as long`() {
        warmUp()
        // An encoder reads a whole text in one.
        watch.begins(10 * StepWatch.tokens, at: start)
        #expect(fault(after: 600) == nil)
        #expect(fault(after: 601) != nil)
    }

    @Test func `the first step may read the model's file`() {
        watch.begins(1, at: start)
        #expect(fault(after: 600) == nil)
        #expect(fault(after: 601) != nil)
    }

    @Test func `work that waits while no step begins is a fault that says so`() {
        warmUp()
        watch.rests()
        watch.handedIn(at: start + .seconds(10))
        #expect(fault(after: 70) == nil)
        #expect(fault(after: 71) == "requests wait, and its engine has begun no step for 61 s; step_seconds = 60")
        // What comes later does not put it off.
        watch.handedIn(at: start + .seconds(69))
        #expect(fault(after: 71) != nil)
        watch.begins(1, at: start + .seconds(72))
        #expect(fault(after: 73) == nil)
    }

    @Test func `after a step the next one is due`() {
        warmUp()
        #expect(fault(after: 60) == nil)
        #expect(fault(after: 61) != nil)
    }

    @Test func `what was handed in starts the time, once`() throws {
        let inbox = Inbox(slots: 2, queue: 0, watch: watch)
        #expect(watch.fault(at: .now + .seconds(61)) == nil)
        _ = try inbox.submit(Work(.text("x"), GenerationParameters()) { _ in })
        #expect(watch.fault(at: .now + .seconds(61)) != nil)
        // Given up, it is nobody's: the engine's thread looks, and has nothing to do.
        #expect(inbox.take(waiting: true).count == 1)
        #expect(watch.fault(at: .now + .seconds(61)) != nil)
    }

    @Test func `reading a prompt does not count for the step that is due`() {
        watch.handedIn()
        var during: String?
        watch.reads { during = watch.fault(at: .now + .seconds(61)) }
        #expect(during?.hasPrefix("its engine has read one prompt for 6") == true)
        #expect(watch.fault(at: .now + .seconds(61))?.hasPrefix("requests wait") == true)
    }
}
