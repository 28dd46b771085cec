/// What a deployment's requests ask for at a moment.
package struct WorkerDemand: Sendable, Equatable {
    /// Requests in the queue.
    package var waiting: Int
    /// Requests at the instances.
    package var running: Int
    /// Whether any got a place since this was told last.
    package var isUsed: Bool

    package init(waiting: Int = 0, running: Int = 0, isUsed: Bool = false) {
        self.waiting = waiting
        self.running = running
        self.isUsed = isUsed
    }
}

/// What requests may expect of a specification's workers.
package enum WorkerPoolState: Sendable, Equatable {
    case starting
    case asleep
    case serving
    case failing
}

/// The workers of one specification, as a number.
struct Pool {
    /// Whose going will make room for another.
    enum Wait: Sendable {
        /// Of those that leave anyway.
        case departure
        /// Of those that it replaces, too: they go on until it is clear that nobody else's going will do.
        case succession
    }

    /// Lines of instances that are gone, so that their last words can be read.
    private static let linesKept = 100
    /// How long a refusal stands before it is looked again.
    private static let retryAfter = Duration.seconds(1)

    private(set) var specification: WorkerSpecification
    private var size: PoolScale
    /// Whether its deployment's requests go here; an earlier one only finishes.
    private(set) var isCurrent = true
    /// Why another is not started.
    private(set) var refusal: MemoryRefusal?
    /// What another waits for; `nil` when it waits for nobody.
    private(set) var wait: Wait?
    /// Since when those that are replaced are all that keeps another from starting, also through changes of settings.
    private(set) var blockedSince: ContinuousClock.Instant?
    /// Since when the room of those that left for it is its own.
    private(set) var heirSince: ContinuousClock.Instant?
    private var triedAt: ContinuousClock.Instant?
    private(set) var earlierLines: [WorkerLine] = []
    /// Whether an instance ever answered: until then nobody knows that it works, and it does not fall asleep.
    private var hasServed = false

    init(_ specification: WorkerSpecification, wanted: Int, at now: ContinuousClock.Instant = .now) {
        self.specification = specification
        size = PoolScale(specification.bounds, wanted: wanted, at: now)
    }

    /// Goes on for its deployment's earlier settings: waits as long as these do, and has what was left to them.
    mutating func succeed(_ earlier: [Pool]) {
        blockedSince = earlier.compactMap(\.blockedSince).min()
        heirSince = earlier.compactMap(\.heirSince).min()
    }

    /// Those that it replaces leave so that it has their room.
    mutating func inherit(at now: ContinuousClock.Instant) {
        guard wait == .succession else { return }
        heirSince = now
    }

    var wanted: Int { size.wanted }
    var lastUse: ContinuousClock.Instant { size.lastUse }

    mutating func change(_ specification: WorkerSpecification, isCurrent: Bool) {
        if specification.bounds != self.specification.bounds { size.change(specification.bounds) }
        self.specification = specification
        self.isCurrent = isCurrent
        if !isCurrent { heirSince = nil }
    }

    mutating func warm(at now: ContinuousClock.Instant) { size.warm(at: now) }

    mutating func take(_ demand: WorkerDemand, _ states: [InstanceState], at now: ContinuousClock.Instant) {
        hasServed = hasServed || states.contains(.ready)
        guard isCurrent else { return }
        let sample = PoolScale.Sample(
            waiting: demand.waiting,
            running: demand.running,
            isUsed: demand.isUsed || (!hasServed && size.wanted > 0),
            starting: states.count { $0 == .starting },
            ready: states.count { $0 == .ready }
        )
        size.take(sample, at: now)
    }

    /// Takes what came of a look: with neither a refusal nor somebody to wait for, nothing keeps it from having all it wants.
    mutating func refuse(_ refusal: MemoryRefusal?, wait: Wait? = nil, at now: ContinuousClock.Instant) {
        self.refusal = refusal
        self.wait = wait
        blockedSince = wait == .succession ? blockedSince ?? now : nil
        // It has its room, or would have none although all are gone that left for it.
        if wait == nil { heirSince = nil }
        triedAt = refusal == nil && wait == nil ? nil : now
    }

    /// Whether a start may be tried: memory that was not there a moment ago is not asked for again at once.
    func mayTry(at now: ContinuousClock.Instant) -> Bool { triedAt.map { now - $0 >= Self.retryAfter } ?? true }

    mutating func keep(_ lines: [WorkerLine]) { earlierLines = (earlierLines + lines).suffix(Self.linesKept) }

    /// - Parameter members: each instance's state, and whether a request may wait for its next start.
    func state(_ members: [(state: InstanceState, isHopeful: Bool)]) -> WorkerPoolState {
        if members.contains(where: { $0.state == .ready || $0.state == .draining }) { return .serving }
        if members.isEmpty {
            if wait != nil { return .starting }
            return refusal == nil ? (wanted == 0 ? .asleep : .starting) : .failing
        }
        let isHopeful = members.contains { member in
            switch member.state {
            case .starting, .restarting: member.isHopeful
            case .ready, .draining, .stopping, .stopped: false
            }
        }
        return isHopeful ? .starting : .failing
    }
}
