import Synchronization

/// What the requests of a native deployment and the supervisor of its workers know of each other.
///
/// The supervisor says whether a request that finds no worker may wait for one; requests say that they came.
package final class WorkerPool: Sendable {
    /// What a request may expect that finds no worker.
    package enum State: UInt8, Sendable, CaseIterable {
        /// One is starting.
        case starting
        /// None runs, and one is started as soon as somebody asks.
        case asleep
        /// They run.
        case serving
        /// One cannot be started, or dies again and again: waiting is in vain.
        case failing
    }

    private let current = Atomic<UInt8>(State.starting.rawValue)
    private let isUsed = Atomic<Bool>(false)
    private let answersInTokens = Atomic<Bool>(true)

    package init() {}

    package var state: State {
        get { State(rawValue: current.load(ordering: .relaxed)) ?? .starting }
        set { current.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// Whether its model's answers have tokens: one that gives vectors uses those of its input alone.
    package var hasOutput: Bool {
        get { answersInTokens.load(ordering: .relaxed) }
        set { answersInTokens.store(newValue, ordering: .relaxed) }
    }

    /// Whether a worker will come for who waits.
    var isWorthWaiting: Bool { state != .failing }

    /// A request got a place.
    func used() { isUsed.store(true, ordering: .relaxed) }

    /// Whether a request got a place since this was asked last.
    package func takeUsed() -> Bool { isUsed.exchange(false, ordering: .relaxed) }
}
