import Foundation
import Synchronization

/// One thread that does jobs in turn, in order.
///
/// A quiet one has only what processor time nobody else wants. Its jobs must hold no lock that others wait for, and wake
/// nobody for whom a thread may be made: it would be as quiet. What they have to tell they give to another `JobThread`.
final class JobThread: Sendable {
    typealias Job = @Sendable () -> Void

    /// SCHED_IDLE of Linux's `sched.h`, which Swift does not see.
    private static let idlePolicy: CInt = 5

    private let jobs = Jobs()

    init(name: String, isQuiet: Bool = false) {
        Thread.detachNewThread { [jobs] in
            Thread.current.name = name
            if isQuiet { Self.beQuiet() }
            while let job = jobs.next() { job() }
        }
    }

    deinit { jobs.append(nil) }

    func run(_ job: @escaping Job) { jobs.append(job) }

    /// Of this thread alone, and without a way back for who has no privileges; a kernel that refuses changes nothing else.
    private static func beQuiet() {
        #if os(Linux)
            var priority = sched_param()
            _ = unsafe sched_setscheduler(0, idlePolicy, &priority)
        #endif
    }

    /// `nil` is the last.
    private final class Jobs: Sendable {
        private let waiting = Mutex<[Job?]>([])
        private let count = DispatchSemaphore(value: 0)

        func append(_ job: Job?) {
            waiting.withLock { $0.append(job) }
            count.signal()
        }

        func next() -> Job? {
            count.wait()
            return waiting.withLock { $0.removeFirst() }
        }
    }
}
