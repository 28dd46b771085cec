import GatewayStore

/// Pulls, in turn between tenants and in the order of asking within one: which of them run, and which wait.
struct PullQueue {
    /// Places that all share; beyond them a tenant that has none begins one: slow servers of others hold up nobody's first.
    static let mostAtOnce = 4
    static let mostTenants = 16
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
        case running(Job, stopper: ChangeOrigin?)

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
    /// When each tenant that has entries began one last, by a count of all that began.
    private var turns: [String: Int] = [:]
    private var begun = 0

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
        var trial = self
        while let next = trial.next() { if next.operation == job.operation { return nil } }
        let tenant = job.pull.tenant
        let before = entries[..<index].count { $0.isWaiting && $0.pull.tenant == tenant }
        return """
            waits for its turn: \(entries.count(where: \.isRunning)) models are being pulled, \(running(of: tenant)) of them \
            of \(tenant) (at most \(Self.mostAtOnce) and \(Self.mostOfTenant) at once), and \(before) of \(tenant) were asked \
            for before
            """
    }

    /// The next that may begin: of the tenants that have not their share already, one with the fewest, and of those the one
    /// that has waited longest for its turn.
    mutating func next() -> Job? {
        let running = Dictionary(entries.filter(\.isRunning).map { ($0.pull.tenant, 1) }, uniquingKeysWith: +)
        let all = running.values.reduce(0, +)
        var first: (index: Int, job: Job, rank: (Int, Int))?
        for (index, entry) in entries.enumerated() {
            guard case .waiting(let job) = entry else { continue }
            let own = running[job.pull.tenant] ?? 0
            guard own < Self.mostOfTenant, all < (own == 0 ? Self.mostTenants : Self.mostAtOnce) else { continue }
            let rank = (own, turns[job.pull.tenant] ?? 0)
            if first.map({ rank < $0.rank }) ?? true { first = (index, job, rank) }
        }
        guard let (index, job, _) = first else { return nil }
        entries[index] = .running(job, stopper: nil)
        begun += 1
        turns[job.pull.tenant] = begun
        return job
    }

    private func running(of tenant: String) -> Int { entries.count { $0.isRunning && $0.pull.tenant == tenant } }

    /// It is over, or was never begun.
    ///
    /// - Returns: who wanted it to stop.
    @discardableResult
    mutating func end(_ pull: ModelPulls.Pull) -> ChangeOrigin? {
        guard let index = index(of: pull.place) else { return nil }
        guard case .running(_, let stopper) = remove(at: index) else { return nil }
        return stopper
    }

    private mutating func remove(at index: Int) -> Entry {
        let entry = entries.remove(at: index)
        let tenant = entry.pull.tenant
        if !entries.contains(where: { $0.pull.tenant == tenant }) { turns[tenant] = nil }
        return entry
    }

    /// Ends an operation's pull before its time.
    mutating func stop(_ operation: String, by stopper: ChangeOrigin) -> Stop {
        guard let index = entries.firstIndex(where: { $0.job?.operation == operation }) else { return .nothing }
        switch entries[index] {
        case .claimed: return .nothing
        case .waiting:
            _ = remove(at: index)
            return .left
        case .running(let job, let earlier):
            entries[index] = .running(job, stopper: earlier ?? stopper)
            job.stop.continuation.finish()
            return .told
        }
    }

    private func index(of place: String) -> Int? { entries.firstIndex { $0.pull.place == place } }
}
