import Foundation
import Synchronization

/// One thread that does jobs in turn, in order.
///
/// The jobs of one that is not as urgent as others must wake nobody for whom a thread may be made: it would be no more urgent.
/// What they have to tell they give to another `JobThread`.
final class JobThread: Sendable {
    typealias Job = @Sendable () -> Void

    enum Urgency: Sendable {
        case usual
        /// It has only what processor time nobody else wants: whoever waits for a lock of its jobs may wait for long.
        case none
    }

    /// SCHED_IDLE of Linux's `sched.h`, which Swift does not see.
    private static let idlePolicy: CInt = 5

    private let jobs = Jobs()

    init(name: String, _ urgency: Urgency = .usual) {
        Thread.detachNewThread { [jobs] in
            Self.take(name)
            Self.take(urgency)
            while let job = jobs.next() { job() }
        }
    }

    deinit { jobs.append(nil) }

    func run(_ job: @escaping Job) { jobs.append(job) }

    /// Not by Foundation, which names nobody before it has noted which thread it has made.
    private static func take(_ name: String) {
        #if os(Linux)
            try? name.write(toFile: "/proc/thread-self/comm", atomically: false, encoding: .utf8)
        #else
            Thread.current.name = name
        #endif
    }

    /// Of this thread alone, and without a way back for who has no privileges; a kernel that refuses changes nothing else.
    private static func take(_ urgency: Urgency) {
        #if os(Linux)
            switch urgency {
            case .usual: break
            case .none:
                // 0 is the thread that asks.
                var priority = sched_param()
                _ = unsafe sched_setscheduler(0, idlePolicy, &priority)
            }
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
