import Synchronization

/// What one worker may take.
package struct WorkerLimits: Sendable, Hashable {
    /// From its start until it answers.
    package var start = Duration.seconds(600)
    /// Resident bytes; `nil` = no bound.
    package var memory: Int64?

    package init(start: Duration = .seconds(600), memory: Int64? = nil) {
        self.start = start
        self.memory = memory
    }
}

/// Holds one process to its limits, and remembers which it broke.
final class WorkerWatch: Sendable {
    private struct State {
        var isReady = false
        var reason: String?
        var isKilled = false
        var resident: Int64?
    }

    private static let interval = Duration.milliseconds(250)

    /// Set when the process has to end.
    let isOver = StopSignal()
    private let limits: WorkerLimits
    private let state = Mutex(State())

    init(_ limits: WorkerLimits) {
        self.limits = limits
    }

    /// Why it had to end; `nil` when it did not.
    var reason: String? { state.withLock { $0.reason } }

    /// Whether the gateway has killed it, or is about to.
    var isKilled: Bool { state.withLock { $0.isKilled } }

    /// What it had in memory when it was last looked at.
    var resident: Int64? { state.withLock { $0.resident } }

    func kills() { state.withLock { $0.isKilled = true } }

    /// It has loaded its model: what that takes is looked at before anybody sends it a request.
    ///
    /// - Returns: whether it may go on.
    func answered(_ process: Int32, _ onLine: @Sendable (String) -> Void) -> Bool {
        state.withLock { $0.isReady = true }
        return isWithinLimits(process, after: .zero, onLine)
    }

    /// Looks until the task is cancelled or a limit is broken.
    func run(_ process: Int32, _ onLine: @Sendable (String) -> Void) async {
        let started = ContinuousClock.now
        while !Task.isCancelled, isWithinLimits(process, after: .now - started, onLine) {
            try? await Task.sleep(for: Self.interval)
        }
    }

    private func isWithinLimits(_ process: Int32, after age: Duration, _ onLine: @Sendable (String) -> Void) -> Bool {
        guard !isOver.isSet else { return false }
        // Of one that has ended there is none: what was seen before stands.
        let memory = ProcessMemory.of(process)?.resident
        if let memory { state.withLock { $0.resident = memory } }
        guard let fault = fault(after: age, memory) else { return true }
        let isFirst = state.withLock { state in
            defer { state.reason = state.reason ?? fault }
            return state.reason == nil
        }
        if isFirst { onLine("killed: \(fault)") }
        isOver.set()
        return false
    }

    /// What is wrong with a process of this age and size, as a sentence.
    func fault(after age: Duration, _ resident: Int64?) -> String? {
        if age > limits.start, state.withLock({ !$0.isReady }) {
            return "it was not ready within start_seconds = \(limits.start.components.seconds)"
        }
        if let bound = limits.memory, let resident, resident > bound {
            let (has, may) = (resident / MemorySize.mebibyte, bound / MemorySize.mebibyte)
            return "it has \(has) MiB of memory, over memory_mb = \(may)"
        }
        return nil
    }
}
