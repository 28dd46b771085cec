import GatewayStore

/// Pulls in the order of asking: which of them run, and which wait for their turn.
struct PullQueue {
    static let mostAtOnce = 4
    static let mostOfTenant = 2
    static let mostWaiting = 32

    /// A pull and the operation that tells of it.
    struct Job: Sendable {
        let pull: ModelPulls.Pull
        let operation: String
        /// Who asked.
        let origin: ChangeOrigin
        /// Ends when it is to stop.
        let stop = AsyncStream.makeStream(of: Void.self)
    }

    /// What to do about one that is to stop.
    enum Stop {
        /// It is not here.
        case nothing
        /// It has not begun, and is here no more.
        case left
        /// It runs, and was told.
        case told
    }

    private enum Entry {
        /// Its operation is about to be made.
        case claimed(ModelPulls.Pull)
        case waiting(Job)
        /// - Parameter stopper: who wants it to stop.
        case running(Job, stopper: String?)

        var pull: ModelPulls.Pull {
            switch self {
            case .claimed(let pull): pull
            case .waiting(let job), .running(let job, _): job.pull
            }
        }

        var job: Job? {
            switch self {
            case .claimed: nil
            case .waiting(let job), .running(let job, _): job
            }
        }

        var isRunning: Bool {
            if case .running = self { return true }
            return false
        }

        var isWaiting: Bool {
            if case .waiting = self { return true }
            return false
        }
    }

    /// In the order of asking; two never have one place.
    private var entries: [Entry] = []

    /// Keeps the pull's place.
    ///
    /// - Returns: the operation that does the same already; then nothing was kept.
    mutating func claim(_ pull: ModelPulls.Pull) throws(APIError) -> String? {
        if let known = entries.first(where: { $0.pull.place == pull.place }) {
            guard let job = known.job, job.pull.resource == pull.resource, job.pull.sha256 == pull.sha256 else {
                let message = "\(pull.source.shown) is being pulled already; wait until that is over"
                throw APIError(.conflict, message, target: pull.resource)
            }
            return job.operation
        }
        let waiting = entries.count { $0.pull.tenant == pull.tenant && !$0.isRunning }
        guard waiting < Self.mostWaiting else {
            let message = """
                \(waiting) pulls of \(pull.tenant) wait for their turn, as many as may; ask again when one of them has begun
                """
            throw APIError(.tooManyRequests(30), message)
        }
        entries.append(.claimed(pull))
        return nil
    }

    /// Waits for its turn from now on.
    ///
    /// - Returns: why it does not begin at once, as a sentence.
    mutating func enter(_ job: Job) -> String? {
        guard let index = index(of: job.pull.place) else { return nil }
        entries[index] = .waiting(job)
        let running = entries.count(where: \.isRunning)
        let before = entries[..<index].count(where: \.isWaiting)
        let own = entries.count { $0.pull.tenant == job.pull.tenant && $0.isRunning }
        guard before > 0 || running >= Self.mostAtOnce || own >= Self.mostOfTenant else { return nil }
        return """
            waits for its turn: \(running) models are being pulled, \(own) of them of \(job.pull.tenant) (at most \
            \(Self.mostAtOnce) and \(Self.mostOfTenant) at once), and \(before) were asked for before
            """
    }

    /// The next that may begin: the first whose tenant has not its share already.
    mutating func next() -> Job? {
        guard entries.count(where: \.isRunning) < Self.mostAtOnce else { return nil }
        for (index, entry) in entries.enumerated() {
            guard case .waiting(let job) = entry else { continue }
            let own = entries.count { $0.isRunning && $0.pull.tenant == job.pull.tenant }
            guard own < Self.mostOfTenant else { continue }
            entries[index] = .running(job, stopper: nil)
            return job
        }
        return nil
    }

    /// It is over, or was never begun.
    ///
    /// - Returns: who wanted it to stop.
    @discardableResult
    mutating func end(_ pull: ModelPulls.Pull) -> String? {
        guard let index = index(of: pull.place) else { return nil }
        guard case .running(_, let stopper) = entries.remove(at: index) else { return nil }
        return stopper
    }

    /// Ends an operation's pull before its time.
    mutating func stop(_ operation: String, by stopper: String) -> Stop {
        guard let index = entries.firstIndex(where: { $0.job?.operation == operation }) else { return .nothing }
        switch entries[index] {
        case .claimed: return .nothing
        case .waiting:
            entries.remove(at: index)
            return .left
        case .running(let job, let earlier):
            entries[index] = .running(job, stopper: earlier ?? stopper)
            job.stop.continuation.finish()
            return .told
        }
    }

    private func index(of place: String) -> Int? { entries.firstIndex { $0.pull.place == place } }
}
