import Foundation
import GatewayCore
import Synchronization
import Testing

@testable import GatewayStore

/// The threads that work on captures.
@Suite struct JobThreadTests {
    private final class Witness: Sendable {}

    @Test func `jobs are done in turn, on one thread of its name`() async {
        let thread = JobThread(name: "jobs")
        let done = Mutex<[String]>([])
        await withCheckedContinuation { finished in
            for number in 0..<100 {
                thread.run { done.withLock { $0.append("\(Thread.current.name ?? "") \(number)") } }
            }
            thread.run { finished.resume() }
        }
        #expect(done.withLock(\.self) == (0..<100).map { "jobs \($0)" })
    }

    @Test func `it ends behind its last job when nobody has it any more`() async throws {
        var thread: JobThread? = JobThread(name: "jobs")
        var witness: Witness? = Witness()
        weak let held = witness
        await withCheckedContinuation { finished in
            thread?.run { [witness] in withExtendedLifetime(witness) { finished.resume() } }
            witness = nil
            thread = nil
        }
        let names = { @Sendable in
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task"))?.compactMap {
                try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8)
            }
        }
        try await wait { held == nil && names()?.contains("jobs\n") != true }
    }

    #if os(Linux)
        @Test func `one without urgency has only what processor time nobody else wants, and makes nobody else so`()
            async throws
        {
            let thread = JobThread(name: "jobs", .none)
            let policy = await withCheckedContinuation { found in
                thread.run { found.resume(returning: sched_getscheduler(0)) }
            }
            // SCHED_IDLE
            #expect(policy == 5 && sched_getscheduler(0) == 0)
        }
    #endif

    private func wait(until isTrue: () -> Bool) async throws {
        for _ in 0..<6000 where !isTrue() { try await Task.sleep(for: .milliseconds(10)) }
        #expect(isTrue())
    }
}
