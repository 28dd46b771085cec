/// How many instances a deployment should have: owns no process and no clock.
///
/// One more is started when more requests run and wait, on the average of about a second, than those that are there should
/// have; the next one not before it is ready. Fewer are kept when fewer have been enough, with room to spare, for the whole
/// idle time; none when nobody has asked for so long, where none may be.
struct PoolScale {
    /// What a deployment asks for.
    struct Bounds: Sendable, Hashable {
        var least = 1
        var most = 1
        var idle = Duration.seconds(300)
        /// Requests per instance above which one more is started.
        var target = 4
    }

    /// What there is at a moment.
    struct Sample: Equatable {
        /// Requests that wait, and those under way.
        var waiting = 0
        var running = 0
        /// Whether any request got a place since the last sample.
        var isUsed = false
        /// Instances that are on their way for the first time.
        var starting = 0
        var ready = 0

        var isBusy: Bool { waiting > 0 || running > 0 || isUsed }
    }

    /// Above so much of what they should have another is started: at the bound itself nothing changes.
    private static let above = 1.05
    /// Fewer are enough when they would have at most so much of what they should.
    private static let below = 0.7
    /// How long the average remembers.
    private static let memory = 1.0

    private(set) var wanted: Int
    private var bounds: Bounds
    private var average = 0.0
    private var sampledAt: ContinuousClock.Instant
    private var usedAt: ContinuousClock.Instant
    /// Since when fewer are enough, and the most that were needed since.
    private var quiet: (since: ContinuousClock.Instant, most: Int)?

    /// - Parameter wanted: how many to begin with.
    init(_ bounds: Bounds, wanted: Int, at now: ContinuousClock.Instant) {
        self.bounds = bounds
        self.wanted = min(max(wanted, bounds.least), bounds.most)
        (sampledAt, usedAt) = (now, now)
    }

    /// When a request last ran or waited.
    var lastUse: ContinuousClock.Instant { usedAt }

    mutating func change(_ bounds: Bounds) {
        self.bounds = bounds
        wanted = min(max(wanted, bounds.least), bounds.most)
        quiet = nil
    }

    /// Somebody wants one to be there before requests come.
    mutating func warm(at now: ContinuousClock.Instant) {
        wanted = max(1, wanted)
        (usedAt, quiet) = (now, nil)
    }

    mutating func take(_ sample: Sample, at now: ContinuousClock.Instant) {
        smooth(Double(sample.waiting + sample.running), at: now)
        // A start that takes longer than the idle time is not idle.
        if sample.isBusy || (sample.ready == 0 && sample.starting > 0) { usedAt = now }
        if wanted == 0 {
            if sample.isBusy { warm(at: now) }
            return
        }
        let isFull = average > Double(wanted * bounds.target) * Self.above
        if isFull, wanted < bounds.most, sample.ready >= wanted {
            wanted += 1
            quiet = nil
            return
        }
        shrink(at: now)
    }

    private mutating func shrink(at now: ContinuousClock.Instant) {
        let enough = Int((average / (Double(bounds.target) * Self.below)).rounded(.up))
        // Until the idle time is over one is needed, however little there is to do.
        let needed = max(enough, bounds.least, now - usedAt >= bounds.idle ? 0 : 1)
        guard needed < wanted else {
            quiet = nil
            return
        }
        // The last one's time counts from the last request, which is over already.
        if needed == 0, wanted == 1 {
            wanted = 0
            return
        }
        let most = max(quiet?.most ?? 0, needed)
        let since = quiet?.since ?? now
        quiet = (since, most)
        guard now - since >= bounds.idle else { return }
        wanted = most
        quiet = nil
    }

    private mutating func smooth(_ load: Double, at now: ContinuousClock.Instant) {
        let passed = (now - sampledAt) / .seconds(1)
        sampledAt = now
        // Of an average over `memory` seconds this is the first term: close enough for short steps, and never past the load.
        let share = min(1, max(0, passed) / Self.memory)
        average += (load - average) * share
        // Nothing would ever be reached: the rest of a load that is over.
        if average < 0.01 { average = 0 }
    }
}
