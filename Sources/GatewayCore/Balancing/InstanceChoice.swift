/// Chooses among a deployment's instances: of two that are free the one with less load and latency (power of two choices).
///
/// While one that is ready takes requests, those whose readiness nobody has seen get none, not even when all that are
/// ready are full or have failed this request. Where none is ready all are tried: a caller may find out more than a probe.
struct InstanceChoice {
    /// What there is for one request.
    enum Outcome {
        case instance(Instance)
        /// All that may be used have as many requests as they may.
        case full
        /// None may be used.
        case none
    }

    let instances: [Instance]
    /// Requests that one instance may have at once.
    let limit: Int
    let excluded: [Instance]
    /// Whether they are left alone when they ask for it; workers are not, their supervisor knows better when they are ready.
    let honoursPauses: Bool

    /// - Parameters:
    ///   - turn: counts requests, so that equals take turns.
    ///   - now: nanoseconds of the monotonic clock; without it nobody is sent on trial.
    func pick(turn: Int, at now: Int64?) -> Outcome {
        let start = turn < instances.count ? turn : 0
        let isReadyOnly = hasReady(at: now)
        var isFull = false
        guard let first = free(from: start, at: now, but: nil, isReadyOnly, &isFull) else {
            return isFull ? .full : .none
        }
        guard instances.count > 1, let now, first.availability(at: now) == .free else { return .instance(first) }
        // Any other will do as the second, but not always the same.
        let jump = 1 + Int(truncatingIfNeeded: (now ^ Int64(turn)) & 0xFFFF) % (instances.count - 1)
        let next = start + jump < instances.count ? start + jump : start + jump - instances.count
        guard let second = free(from: next, at: now, but: first, isReadyOnly, &isFull) else { return .instance(first) }
        if second.availability(at: now) == .trial { return .instance(second) }
        return .instance(isClearlyBetter(second, than: first, at: now) ? second : first)
    }

    /// When none may be used: the one that went out last, as if it had not.
    ///
    /// One that asked for a pause is left alone until the pause is over.
    func pickLast(at now: Int64?) -> Outcome {
        let left = instances.filter { $0.isUsable && !isExcluded($0) }
        let unpaused = left.filter { pauseEnd(of: $0, at: now) == nil }
        guard let last = unpaused.max(by: { $0.lastOutage < $1.lastOutage }) else {
            return left.isEmpty ? .none : .full
        }
        return last.load.inFlight < limit ? .instance(last) : .full
    }

    /// When the first pause is over; `nil` when there is an instance that has not asked for one.
    func pauseEnd(at now: Int64) -> Int64? {
        var first: Int64?
        for instance in instances where instance.isUsable && !isExcluded(instance) {
            guard let end = pauseEnd(of: instance, at: now) else { return nil }
            first = min(first ?? end, end)
        }
        return first
    }

    /// Whether an instance may be used now, full or not.
    func hasAny(at now: Int64?) -> Bool {
        let isReadyOnly = hasReady(at: now)
        return instances.contains { mayUse($0, at: now, isReadyOnly) }
    }

    /// Whether there are others than this instance that get its requests, since it has not shown that it is ready.
    func holdsBack(_ instance: Instance, at now: Int64?) -> Bool { !instance.isReady && hasReady(at: now) }

    /// Whether one that is ready takes requests, this one or others: then those that are not ready get none.
    private func hasReady(at now: Int64?) -> Bool {
        instances.count > 1 && instances.contains { $0.isReady && $0.availability(at: now) != .out }
    }

    private func mayUse(_ instance: Instance, at now: Int64?, _ isReadyOnly: Bool) -> Bool {
        instance.availability(at: now) != .out && (!isReadyOnly || instance.isReady) && !isExcluded(instance)
    }

    private func free(
        from start: Int,
        at now: Int64?,
        but other: Instance?,
        _ isReadyOnly: Bool,
        _ isFull: inout Bool
    ) -> Instance? {
        for offset in instances.indices {
            let index = start + offset < instances.count ? start + offset : start + offset - instances.count
            let instance = instances[index]
            guard instance !== other, mayUse(instance, at: now, isReadyOnly) else { continue }
            if instance.load.inFlight < limit { return instance }
            isFull = true
        }
        return nil
    }

    /// A quarter is noise: within it turns decide, so that equals get equal shares.
    private func isClearlyBetter(_ one: Instance, than other: Instance, at now: Int64) -> Bool {
        one.cost(at: now) * 4 < other.cost(at: now) * 3
    }

    private func pauseEnd(of instance: Instance, at now: Int64?) -> Int64? {
        guard honoursPauses, let now else { return nil }
        return instance.pauseEnd(at: now)
    }

    private func isExcluded(_ instance: Instance) -> Bool {
        !excluded.isEmpty && excluded.contains { $0 === instance || $0.load === instance.load }
    }
}
