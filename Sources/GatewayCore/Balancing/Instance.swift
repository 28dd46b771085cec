import Synchronization

/// One running copy behind a deployment, and whether it may be used now.
///
/// Instances live in an `InstanceRegistry` and outlast snapshots, so that a change of weights keeps pooled connections and
/// what is known of health. Two deployments with one address have an instance each: what one's callers provoke says
/// nothing about the other's.
package final class Instance: Sendable {
    /// Small number, unique as long as the instance is there: indexes the pools of every event loop.
    package let number: Int
    package let address: InstanceAddress
    /// `address.authority` and `address.url`, made once.
    package let authority: String
    package let url: String
    /// Shared with all instances of the address.
    package let load: InstanceLoad
    private let ready: Atomic<Bool>
    private let usable: Atomic<Bool>
    private let staffed = Atomic<Bool>(false)
    private let cold = Atomic<Bool>(false)
    /// `InstanceHealth.availableAt`.
    private let availableAt = Atomic<Int64>(0)
    private let outSince = Atomic<Int64>(0)
    private let returnedAt = Atomic<Int64>(.min)
    private let isDoubtful = Atomic<Bool>(false)
    private let successes = Atomic<Int>(0)
    private let health = Mutex(InstanceHealth())
    /// Microseconds to the head of an answer, and when that was last seen.
    private let latency = Atomic<Int64>(0)
    private let latencyAt = Atomic<Int64>(0)
    private let probe = Mutex(LastProbe())

    private struct LastProbe {
        var answer: String?
        var rule: ProbeRule?
    }

    /// - Parameter isUsable: whether it is tried before it is ready; a worker that has not answered is not.
    package init(
        number: Int,
        address: InstanceAddress,
        isReady: Bool,
        isUsable: Bool? = nil,
        load: InstanceLoad = InstanceLoad()
    ) {
        self.number = number
        self.address = address
        self.load = load
        authority = address.authority
        url = address.url
        ready = Atomic(isReady)
        usable = Atomic(isUsable ?? isReady)
    }

    /// Whether it has shown that it serves: what a deployment's status tells.
    package var isReady: Bool { ready.load(ordering: .relaxed) }

    /// Whether there is anything to send to.
    package var isUsable: Bool { usable.load(ordering: .relaxed) }

    /// Whether its probes have had answers, and its readiness has not succeeded once: it is starting.
    var isCold: Bool { cold.load(ordering: .relaxed) }

    /// A worker answers, or is gone; what was known of the process before it says nothing about the one that is there now.
    package func markReady(_ isReady: Bool) {
        if isReady {
            begin()
            staffed.store(true, ordering: .relaxed)
        }
        ready.store(isReady, ordering: .relaxed)
        usable.store(isReady, ordering: .relaxed)
    }

    /// Whether a worker is kept there that has answered once: one that died is started again.
    var isStaffed: Bool { staffed.load(ordering: .relaxed) }

    /// No worker is kept there any more.
    package func retire() { staffed.store(false, ordering: .relaxed) }

    /// The last probe's answer, as a sentence; `nil` before the first.
    package var lastProbe: String? { probe.withLock { $0.answer } }

    /// What the probes found.
    ///
    /// - Parameters:
    ///   - rule: what they follow: other settings have to be answered anew.
    ///   - isOut: whether one of them has failed so often that the instance takes no requests.
    package func probed(_ answer: String, by rule: ProbeRule, isReady: Bool, isOut: Bool, at now: Int64) {
        probe.withLock { $0 = LastProbe(answer: answer, rule: rule) }
        ready.store(isReady, ordering: .relaxed)
        cold.store(!isReady && !isOut, ordering: .relaxed)
        change(at: now) { $0.probed(isOut: isOut) }
    }

    /// The same for a worker, whose supervisor says whether it is ready.
    package func noted(_ answer: String) { probe.withLock { $0.answer = answer } }

    /// No deployment has it any more: what is made of it later has to be found out anew.
    package func forget(at now: Int64) {
        probe.withLock { $0 = LastProbe() }
        ready.store(false, ordering: .relaxed)
        cold.store(false, ordering: .relaxed)
        change(at: now) { health in
            health = InstanceHealth()
            return false
        }
    }

    /// Whether it has shown that it serves, by these probes.
    package func isReady(by rule: ProbeRule) -> Bool { isReady && probe.withLock { $0.rule == rule } }
}

// MARK: - What became of requests

extension Instance {
    /// The head of an answer came.
    ///
    /// - Parameter begun: when its request was sent, as `now` in nanoseconds of the monotonic clock.
    package func answered(status: Int, begun: Int64, at now: Int64) {
        note(latency: (now - begun) / 1000, at: now)
        if status >= 500 { return failed(.serverError, begun: begun, at: now) }
        successes.add(1, ordering: .relaxed)
        guard isDoubtful.load(ordering: .relaxed) else { return }
        change(at: now) { $0.succeeded(begun: begun, at: now) }
    }

    package func failed(_ failure: InstanceHealth.Failure, begun: Int64, at now: Int64) {
        if failure == .timedOut { note(latency: (now - begun) / 1000, at: now) }
        let successes = successes.exchange(0, ordering: .relaxed)
        change(at: now) { health in
            health.failed(failure, begun: begun, successes: successes, at: now)
            return false
        }
    }

    /// The backend's `Retry-After`.
    package func pause(seconds: Int64, at now: Int64) {
        let (duration, isOver) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        change(at: now) { health in
            health.pause(for: isOver ? .max : duration, at: now)
            return false
        }
    }

    /// Gives a place back; the next in a queue takes it.
    ///
    /// - Parameters:
    ///   - begun: when its request was sent; one that ends without a verdict may have been the trial.
    ///   - now: nanoseconds of the monotonic clock; without it nobody is sent where a circuit is open.
    package func leave(begun: Int64?, at now: Int64?) {
        if let begun, let now, isDoubtful.load(ordering: .relaxed) {
            change(at: now) { health in
                health.endedUnjudged(begun: begun, at: now)
                return false
            }
        }
        load.leave(at: now)
    }

    /// Why it takes no requests now, as the end of a sentence; `nil` when it does.
    package func outage(at now: Int64) -> String? { health.withLock { $0.reason(at: now) } }

    private func begin() {
        health.withLock { health in
            health = InstanceHealth()
            availableAt.store(health.availableAt, ordering: .relaxed)
            isDoubtful.store(false, ordering: .relaxed)
        }
    }

    /// Until when its backend wants to be left alone; `nil` when it does not.
    func pauseEnd(at now: Int64) -> Int64? {
        let end = health.withLock { $0.pausedUntil }
        return end > now ? end : nil
    }

    /// Whether failed requests have taken it out.
    package var isCircuitOpen: Bool { health.withLock { $0.isCircuitOpen } }

    /// - Parameter body: returns whether the instance has come back.
    private func change(at now: Int64, _ body: (inout InstanceHealth) -> Bool) {
        health.withLock { health in
            let before = health.availableAt
            if body(&health) { returnedAt.store(now, ordering: .relaxed) }
            if before == 0, health.availableAt != 0 { outSince.store(now, ordering: .relaxed) }
            availableAt.store(health.availableAt, ordering: .relaxed)
            isDoubtful.store(health.isDoubtful, ordering: .relaxed)
        }
    }

    /// A moving average of the last eight or so; a lost update of two loops is no harm.
    private func note(latency sample: Int64, at now: Int64) {
        let sample = max(0, sample)
        let last = latency.load(ordering: .relaxed)
        latency.store(last == 0 ? sample : last + (sample - last) / 8, ordering: .relaxed)
        latencyAt.store(now, ordering: .relaxed)
    }
}

// MARK: - What the choice reads

extension Instance {
    /// Whether a request may come now, as far as it has been seen.
    enum Availability: Equatable {
        case free
        /// One may, to try.
        case trial
        case out
    }

    func availability(at now: Int64?) -> Availability {
        guard isUsable else { return .out }
        let time = availableAt.load(ordering: .relaxed)
        if time == 0 { return .free }
        guard let now, time <= now else { return .out }
        return .trial
    }

    /// Takes the one trial there is.
    func beginTrial(at now: Int64) -> Bool {
        health.withLock { health in
            guard health.admit(at: now) else { return false }
            availableAt.store(health.availableAt, ordering: .relaxed)
            return true
        }
    }

    /// When it went out: of several that are out the last one is the last that was usable.
    var lastOutage: Int64 { outSince.load(ordering: .relaxed) }

    /// What sending one more request here would cost: load times latency, dearer while it starts slowly after a return.
    ///
    /// What was measured is worth half as much with every second without an answer, so that one slow answer does not keep
    /// an instance out of use for ever.
    func cost(at now: Int64) -> Int64 {
        let age = max(0, now - latencyAt.load(ordering: .relaxed)) / 1_000_000_000
        let latency = max(Self.leastLatency, min(latency.load(ordering: .relaxed), Self.mostLatency) >> min(age, 40))
        let cost = Int64(clamping: load.inFlight + 1) * latency
        let returned = returnedAt.load(ordering: .relaxed)
        guard returned != .min, now - returned < Self.slowStart else { return cost }
        return cost * 10 / (1 + 9 * max(0, now - returned) / Self.slowStart)
    }

    /// Microseconds; nothing takes longer than a day, and no product of it passes the largest number.
    private static let mostLatency: Int64 = 1 << 36
    /// Microseconds; differences below are noise.
    private static let leastLatency: Int64 = 1000
    /// Nanoseconds from a tenth of its share to all of it.
    private static let slowStart: Int64 = 10_000_000_000
}
