import Logging

/// Where workers go: decided for each start, by what is free and what is promised.
extension WorkerSupervisor {
    /// How often in a row a worker may die before it is asked whether its GPU still has room for it.
    private static let deathsBeforeMove = 2

    /// Whether a start can be decided; where not, the devices are being asked for, and the next look decides.
    var canPlace: Bool { devices?.isFresh() ?? true }

    /// Whether what it would take is known, as what those take that are there; where not, the next look decides.
    func isKnown(_ specification: WorkerSpecification) -> Bool { !admission.isBeingRead(specification) }

    /// Where one more worker of a specification goes.
    ///
    /// - Parameter gone: workers that are taken as if they were not there any more.
    func site(of specification: WorkerSpecification, without gone: [Running] = []) -> WorkerSite {
        guard let devices else { return .unknown }
        let placement = place(specification, devices, without: gone, keeping: bequests(before: specification.shape))
        var site = WorkerSite(placement: placement, threads: specification.threads, arguments: placement.arguments)
        if devices.policy != .cpu, case .failure? = devices.finding?.devices { site.isStopgap = true }
        guard specification.threads == nil, let threads else { return site }
        let running = all.reduce(0) { $0 + ($1.site.threads ?? 0) }
        let number = threads.threads(isOnGPU: !placement.shares.isEmpty, among: claims, running: running)
        site.threads = number
        site.arguments += ["--threads", "\(number)"]
        return site
    }

    /// Ends workers that die again and again on a GPU which has no room for them any more: another one is placed anew.
    func endMisplaced(_ shape: WorkerSpecification) {
        let failing = copies(of: shape).filter { instance in
            guard case .restarting(let failures, _) = instance.supervisor.state else { return false }
            return failures >= Self.deathsBeforeMove && !instance.site.placement.shares.isEmpty
        }
        guard !failing.isEmpty, canPlace, let finding = devices?.finding else { return }
        for instance in failing {
            guard !isRoom(for: instance.site.placement, finding, beside: others(than: [instance])) else { continue }
            logger.warning(
                "worker is placed anew: there is no room for it any more",
                metadata: ["deployment": "\(shape.id)", "device": "\(instance.site.placement.text)"]
            )
            stop(instance.supervisor.copy)
        }
    }

    func tell(_ site: WorkerSite, of copy: WorkerSpecification.Copy) {
        guard devices != nil else { return }
        var metadata: Logger.Metadata = [
            "deployment": "\(copy.specification.id)", "instance": "\(copy.index)", "device": "\(site.placement.text)",
        ]
        if let threads = site.threads { metadata["threads"] = "\(threads)" }
        if let reason = site.placement.reason { metadata["reason"] = "\(reason)" }
        logger.info("worker is placed", metadata: metadata)
    }

    /// Those that run, and those that are on their way out.
    var all: [Running] { Array(running.values) + Array(leaving.values) }

    func others(than gone: [Running]) -> [Running] {
        all.filter { one in !gone.contains { $0.supervisor === one.supervisor } }
    }

    private var claims: [ThreadShare.Claim] {
        pools.map { shape, pool in
            ThreadShare.Claim(
                workers: pool.specification.bounds.most,
                threads: pool.specification.threads,
                isOnGPU: copies(of: shape).contains { !$0.site.placement.shares.isEmpty }
            )
        }
    }

    /// - Parameter bequests: room that is somebody else's as soon as it is there.
    func place(
        _ specification: WorkerSpecification,
        _ devices: DeviceWatch,
        without gone: [Running],
        keeping bequests: Bequests
    ) -> Placement {
        let finding = devices.finding
        let found = finding?.devices ?? .failure(DeviceFailure("they were not asked for"))
        var promised: [String: Int64] = [:]
        if let finding {
            promised = promises(finding, without: gone)
            if !bequests.isEmpty {
                // What is left for it now, and what will be left later: the lesser counts.
                var later = promises(finding, without: gone + bequests.leaving)
                for share in bequests.heirs.flatMap(\.placement.shares) { later[share.name, default: 0] += share.bytes }
                promised.merge(later) { max($0, $1) }
            }
        }
        return Placer(policy: devices.policy, devices: found)
            .place(admission.deviceNeed(specification), promised: promised)
    }

    /// What of each device is not to be had, or is although the list does not know it, when so many are gone.
    private func promises(_ finding: DeviceWatch.Finding, without gone: [Running]) -> [String: Int64] {
        var promised = promises(to: others(than: gone), after: finding.askedAt)
        // What those have that are taken as gone is not free yet by the list.
        for worker in gone {
            guard let ready = worker.supervisor.readySince, ready <= finding.askedAt else { continue }
            for share in worker.site.placement.shares { promised[share.name, default: 0] -= share.bytes }
        }
        return promised
    }

    /// What workers will take of each device beside what they have of it: one that answers has all of its memory, if the list
    /// was made after that.
    private func promises(to workers: [Running], after listing: ContinuousClock.Instant) -> [String: Int64] {
        var promised: [String: Int64] = [:]
        for worker in workers {
            if let ready = worker.supervisor.readySince, ready <= listing { continue }
            for share in worker.site.placement.shares { promised[share.name, default: 0] += share.bytes }
        }
        return promised
    }

    private func isRoom(
        for placement: Placement,
        _ finding: DeviceWatch.Finding,
        beside others: [Running]
    ) -> Bool {
        let promised = promises(to: others, after: finding.askedAt)
        let devices = (try? finding.devices.get()) ?? []
        return placement.shares.allSatisfy { share in
            devices.contains { $0.name == share.name && $0.free - (promised[share.name] ?? 0) >= share.bytes }
        }
    }
}
