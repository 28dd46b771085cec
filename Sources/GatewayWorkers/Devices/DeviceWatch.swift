package import Logging
import Synchronization

/// Knows the machine's devices, and asks for them again before somebody is placed.
package final class DeviceWatch: Sendable {
    /// What is known, and since when.
    package struct Finding: Sendable {
        package var devices: Result<[Device], DeviceFailure>
        /// When it was asked for: what was taken later is not in it.
        package var askedAt: ContinuousClock.Instant
        var answeredAt: ContinuousClock.Instant
    }

    private struct State {
        var finding: Finding?
        /// The question that is under way, by its number; set when it is answered.
        var asking: (number: Int, answered: StopSignal)?
        var number = 0
        /// Answers in a row that failed.
        var failures = 0
        /// What was asked for before is not true any more.
        var expired: ContinuousClock.Instant?

        /// Whether what is known was asked for late enough.
        var isExpired: Bool {
            guard let expired, let finding else { return false }
            return finding.askedAt < expired
        }
    }

    /// A list of GPUs stands for so long, or ten times as long as it took: what asking costs stays a tenth of the time.
    private static let standing = Duration.seconds(2)
    /// Where there is no GPU, one hardly comes.
    private static let standingWithout = Duration.seconds(60)
    /// After a failure it is asked again, the first time so soon, then after twice as long each time.
    private static let shortestRetry = Duration.seconds(2)
    private static let longestRetry = Duration.seconds(60)
    /// How much longer than its own limit a question may take: a process that a driver holds fast cannot be killed.
    private static let grace = Duration.seconds(2)

    package let policy: DevicePolicy
    private let limit: Duration
    private let list: @Sendable () async -> Result<[Device], DeviceFailure>
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameters:
    ///   - limit: how long a question may take.
    ///   - list: asks once.
    package init(
        policy: DevicePolicy,
        logger: Logger,
        limit: Duration = DeviceProbe.limit,
        list: @escaping @Sendable () async -> Result<[Device], DeviceFailure>
    ) {
        self.policy = policy
        self.logger = logger
        self.limit = limit
        self.list = list
    }

    /// `nil` until the first answer.
    package var finding: Finding? { state.withLock { $0.finding } }

    /// Whether somebody may be placed by what is known; where not, it is being asked for.
    func isFresh() -> Bool {
        if policy == .cpu { return true }
        let (known, isExpired, failures) = state.withLock { ($0.finding, $0.isExpired, $0.failures) }
        guard let finding = known else {
            ask()
            return false
        }
        let age = ContinuousClock.now - finding.answeredAt
        let hasGPU = ((try? finding.devices.get()) ?? []).contains { $0.kind == .gpu || $0.kind == .integrated }
        guard hasGPU else {
            // What is new counts for the next one.
            if age >= (failures == 0 ? Self.standingWithout : Self.retry(after: failures)) { ask() }
            return true
        }
        let standing = max(Self.standing, (finding.answeredAt - finding.askedAt) * 10)
        guard isExpired || age >= standing else { return true }
        ask()
        return false
    }

    /// How long a failure stands, when it was so many in a row.
    static func retry(after failures: Int) -> Duration {
        min(longestRetry, shortestRetry * (1 << min(max(0, failures - 1), 5)))
    }

    /// Somebody has given memory back: who is placed next waits for another list.
    func expire() { state.withLock { $0.expired = .now } }

    /// Returns when there is an answer that is no older than so long.
    package func refresh(olderThan age: Duration = .zero) async {
        if let finding, ContinuousClock.now - finding.answeredAt < age { return }
        // Set in any case: `ask` sees to that.
        await ask().wait()
    }

    /// Asks, unless a question is under way.
    @discardableResult
    func ask() -> StopSignal {
        let (number, answered, isNew) = state.withLock { state in
            if let asking = state.asking { return (asking.number, asking.answered, false) }
            state.number += 1
            let answered = StopSignal()
            state.asking = (state.number, answered)
            return (state.number, answered, true)
        }
        guard isNew else { return answered }
        let begin = ContinuousClock.now
        // Both end by themselves: the question within its limit, the other one when that is over or the answer is there.
        Task { finish(number, Finding(devices: await list(), askedAt: begin, answeredAt: .now)) }
        Task {
            await answered.wait(atMost: limit + Self.grace)
            let seconds = limit.components.seconds
            let failure = DeviceFailure("no answer within \(seconds) s, and its process cannot be ended")
            finish(number, Finding(devices: .failure(failure), askedAt: begin, answeredAt: .now))
        }
        return answered
    }

    /// Of two answers to one question the first counts.
    private func finish(_ number: Int, _ finding: Finding) {
        let (before, answered) = state.withLock { state -> (Finding?, StopSignal?) in
            guard let asking = state.asking, asking.number == number else { return (nil, nil) }
            defer { (state.finding, state.asking) = (finding, nil) }
            if case .failure = finding.devices { state.failures += 1 } else { state.failures = 0 }
            return (state.finding, asking.answered)
        }
        guard let answered else { return }
        tell(finding.devices, before: before?.devices)
        answered.set()
    }

    /// Once for what is new: the free memory changes all the time.
    private func tell(_ found: Result<[Device], DeviceFailure>, before: Result<[Device], DeviceFailure>?) {
        switch found {
        case .failure(let failure):
            if case .failure(failure)? = before { return }
            logger.warning("devices are not known: workers run on the CPU", metadata: ["reason": "\(failure)"])
        case .success(let devices):
            if case .success(let known)? = before, known.map(\.name) == devices.map(\.name) { return }
            let names = devices.map { "\($0.name) (\($0.kind.rawValue), \($0.total / MemorySize.mebibyte) MiB)" }
            logger.info(
                "devices",
                metadata: ["found": "\(names.joined(separator: ", "))", "workers.devices": "\(policy)"]
            )
        }
    }
}
