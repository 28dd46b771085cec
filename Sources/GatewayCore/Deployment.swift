/// A compiled deployment: its instances and how to talk to them.
package final class Deployment: Sendable {
    package let name: String
    package let isNative: Bool
    package let instances: [Instance]
    /// Bounds the whole answer, or the time to the first byte of an event stream.
    package let timeout: Duration
    /// How many requests one instance has at once, and how long the others wait.
    package let capacity: Capacity
    /// The `model` value that the upstream expects; `nil` leaves the caller's.
    package let upstreamModel: String?
    /// Added to every request, values resolved.
    package let headers: [UpstreamHeader]
    /// PEM file that an `https:` upstream's chain must end in; `nil` = the system's.
    package let certificateAuthority: String?
    /// `name:version` for `x-gatehouse-model`, where known.
    package let modelLabel: String?
    /// The version of the model that it serves, where known: what callers of a fixed URL ask for.
    package let version: String?
    /// `nil` leaves paths as they are.
    package let path: PathRewrite?
    let paths: UpstreamPaths
    /// Of the caller's headers, those that the upstream does not get.
    package let removedHeaders: [String]
    package let usage: UsageScope?
    package let price: Price?
    /// Its own, else its endpoint's.
    package let capture: CaptureRule?
    package let probes: ProbeRule
    package let queue: CapacityQueue
    package let budget: RetryBudget
    /// Of a native deployment whose workers come and go.
    package let pool: WorkerPool?
    /// How many of the instances, from the first on, are of the settings that are served; the others are being replaced.
    package let currentWorkers: Int
    private let cursor: RoundRobin

    /// - Parameters:
    ///   - queue: that of an `InstanceRegistry`, which outlasts the snapshot.
    ///   - budget: that of an `InstanceRegistry`.
    package init(
        name: String,
        isNative: Bool,
        instances: [Instance],
        timeout: Duration,
        capacity: Capacity = Capacity(),
        upstreamModel: String? = nil,
        headers: [UpstreamHeader] = [],
        certificateAuthority: String? = nil,
        modelLabel: String? = nil,
        version: String? = nil,
        path: PathRewrite? = nil,
        removedHeaders: [String] = [],
        usage: UsageScope? = nil,
        price: Price? = nil,
        capture: CaptureRule? = nil,
        probes: ProbeRule = ProbeRule(),
        queue: CapacityQueue? = nil,
        budget: RetryBudget = RetryBudget(),
        pool: WorkerPool? = nil,
        currentWorkers: Int? = nil
    ) {
        self.name = name
        self.isNative = isNative
        self.instances = instances
        self.timeout = timeout
        self.capacity = capacity
        self.upstreamModel = upstreamModel
        self.headers = headers
        self.certificateAuthority = certificateAuthority
        self.modelLabel = modelLabel
        self.version = version
        self.path = path
        paths = UpstreamPaths(path, isNative: isNative, instances: instances)
        self.removedHeaders = removedHeaders
        self.usage = usage
        self.price = price
        self.capture = capture
        self.probes = probes
        self.queue = queue ?? CapacityQueue(instances.map(\.load))
        self.budget = budget
        self.pool = pool
        self.currentWorkers = currentWorkers ?? instances.count
        cursor = RoundRobin()
    }

    /// Whether an instance has shown that it serves, by the probes that are asked for now, or comes when it is asked for.
    package var isReady: Bool {
        pool?.state == .asleep || instances.contains { isNative ? $0.isReady : $0.isReady(by: probes) }
    }

    /// Why one of its instances takes no requests now, as the end of a sentence; `nil` when it does.
    ///
    /// - Parameter now: nanoseconds of the monotonic clock.
    package func outage(of instance: Instance, at now: Int64) -> String? {
        if let reason = instance.outage(at: now) { return reason }
        guard instance.isUsable else { return pool?.state == .asleep ? nil : "it is not running" }
        return choice().holdsBack(instance, at: now) ? "its readiness probe has not succeeded, others' have" : nil
    }

    /// How many requests one instance may have at once, and what becomes of the others.
    package struct Capacity: Sendable, Equatable {
        /// `max_concurrent_requests_per_instance`; `nil` = no cap.
        package var limit: Int?
        /// `max_queue_wait_ms`.
        package var queueWait: Duration

        package init(limit: Int? = nil, queueWait: Duration = .milliseconds(500)) {
            self.limit = limit
            self.queueWait = queueWait
        }
    }

    /// How long a request waits for a place: for one at a worker that is yet to start, until its own deadline.
    package var longestWait: Duration { isComing ? timeout : min(capacity.queueWait, timeout) }

    /// Whether none of its workers runs and one will: a request waits for it.
    package var isComing: Bool {
        guard let pool, pool.isWorthWaiting else { return false }
        return !instances.contains(where: \.isUsable)
    }

    /// Why nobody can be sent to any of its instances now; `nil` when not all have asked for a pause.
    ///
    /// - Parameter now: nanoseconds of the monotonic clock.
    package func pause(at now: Int64) -> Refusal? {
        pauseLeft(at: now).map { left in
            .paused(
                deployment: name,
                seconds: (left + 999_999_999) / 1_000_000_000,
                milliseconds: Int(longestWait / .milliseconds(1))
            )
        }
    }

    /// The same where the pause ends after the longest wait for a place.
    func pauseBeyondWait(at now: Int64) -> Refusal? {
        guard let left = pauseLeft(at: now), .nanoseconds(left) > longestWait else { return nil }
        return pause(at: now)
    }

    private func pauseLeft(at now: Int64) -> Int64? { choice().pauseEnd(at: now).map { $0 - now } }

    /// What a request found.
    enum Place {
        /// One of the instance's places; whoever has it gives it back.
        case taken(Instance)
        case full
        case none

        var isFull: Bool {
            if case .full = self { true } else { false }
        }
    }

    /// Whether a request that moves there is counted and priced as before.
    func isCounted(like other: Deployment) -> Bool { usage == nil && other.usage == nil && price == other.price }

    /// The instance whose turn it is that is none of the `excluded`, and takes no place there; `nil` when there is none.
    package func pickInstance(except excluded: [Instance] = [], at now: Int64 = 0) -> Instance? {
        guard case .instance(let instance) = choice(except: excluded).pick(turn: nextTurn, at: now) else { return nil }
        return instance
    }

    /// Whether an instance may be used now, full or not.
    func isAvailable(except excluded: [Instance] = [], at now: Int64?) -> Bool {
        choice(except: excluded).hasAny(at: now) || isComing
    }

    /// Whether all instances are starting, as their probes say.
    var isCold: Bool { !instances.isEmpty && instances.allSatisfy(\.isCold) }

    /// Whether a place is free now; `isLast` and `reserve` as in `take`.
    func hasPlace(isLast: Bool, leaving reserve: Int, at now: Int64?) -> Bool {
        let choice = choice(leaving: reserve)
        switch choice.pick(turn: 0, at: now) {
        case .instance: return true
        case .full: return false
        case .none:
            guard isLast, case .instance = choice.pickLast(at: now) else { return false }
            return true
        }
    }

    /// Takes a place at the best instance.
    ///
    /// - Parameters:
    ///   - isLast: there is nothing else for this request: the last instance that went out is used as if it had not, unless
    ///     it asked for a pause.
    ///   - reserve: places of each instance that are left free.
    ///   - now: nanoseconds of the monotonic clock; without it nobody is sent on trial.
    func take(
        except excluded: [Instance] = [],
        isLast: Bool = false,
        leaving reserve: Int = 0,
        at now: Int64?
    ) -> Place {
        let choice = choice(except: excluded, leaving: reserve)
        // Another request may take the place, or the trial, between the look and the step: then it is looked again.
        for _ in 0...instances.count {
            switch choice.pick(turn: nextTurn, at: now) {
            case .instance(let instance): if enter(instance, limit: choice.limit, at: now) { return .taken(instance) }
            case .full: return .full
            case .none: return isComing ? .full : isLast ? takeLast(choice, at: now) : .none
            }
        }
        return .full
    }

    private func enter(_ instance: Instance, limit: Int, at now: Int64?) -> Bool {
        guard instance.load.enter(limit: limit) else { return false }
        pool?.used()
        guard instance.availability(at: now) != .free else { return true }
        if let now, instance.beginTrial(at: now) { return true }
        instance.load.undo()
        return false
    }

    private func takeLast(_ choice: InstanceChoice, at now: Int64?) -> Place {
        switch choice.pickLast(at: now) {
        case .instance(let instance): instance.load.enter(limit: choice.limit) ? .taken(instance) : .full
        case .full: .full
        case .none: .none
        }
    }

    private var nextTurn: Int { cursor.next(below: instances.count) }

    private func choice(except excluded: [Instance] = [], leaving reserve: Int = 0) -> InstanceChoice {
        InstanceChoice(
            instances: instances,
            limit: (capacity.limit ?? .max) - reserve,
            excluded: excluded,
            honoursPauses: !isNative
        )
    }
}
