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
        let placement = place(specification, devices, without: gone)
        var site = WorkerSite(placement: placement, threads: specification.threads, arguments: placement.arguments)
        guard specification.threads == nil, let threads else { return site }
        let running = all.reduce(0) { $0 + ($1.site.threads ?? 0) }
        let number = threads.threads(isOnGPU: !placement.shares.isEmpty, among: claims, running: running)
        site.threads = number
        site.arguments += ["--threads", "\(number)"]
        return site
    }

    /// What keeps one more from being started.
    struct Obstacle {
        /// Why it does not fit into the machine's memory; `nil`: it would, but not onto a GPU that it is to take over.
        let refusal: MemoryRefusal?
        /// Whether there will be room once the workers that it replaces, and those that leave, are gone.
        let isPassing: Bool
    }

    func obstacle(to specification: WorkerSpecification, at site: WorkerSite) -> Obstacle? {
        let refusal = refusal(specification, at: site)
        let passing = all.filter { instance in
            let copy = instance.supervisor.copy
            return leaving[copy] != nil
                || (copy.specification.id == specification.id && copy.specification != specification.shape)
        }
        // A change of settings does not drive a model from its GPU.
        let isDriven = site.placement.shares.isEmpty && passing.contains { !$0.site.placement.shares.isEmpty }
        guard refusal != nil || isDriven else { return nil }
        let later = self.site(of: specification, without: passing)
        let fits = self.refusal(specification, at: later, without: passing) == nil
        let isPassing = !passing.isEmpty && fits && (refusal != nil || !later.placement.shares.isEmpty)
        return refusal == nil && !isPassing ? nil : Obstacle(refusal: refusal, isPassing: isPassing)
    }

    /// Why one more does not fit into the machine's memory.
    private func refusal(
        _ specification: WorkerSpecification,
        at site: WorkerSite,
        without gone: [Running] = []
    ) -> MemoryRefusal? {
        func holder(_ instance: Running) -> MemoryAdmission.Holder {
            MemoryAdmission.Holder(
                specification: instance.supervisor.copy.specification,
                process: instance.supervisor.processID,
                placement: instance.site.placement
            )
        }
        return admission.refusal(
            of: specification,
            on: site.placement,
            beside: others(than: gone).map(holder),
            without: gone.map(holder)
        )
    }

    /// Whether a specification's next worker waits for those that it replaces to go.
    package func isBlocked(_ specification: WorkerSpecification) -> Bool {
        pools[specification.shape]?.isBlocked ?? false
    }

    func tell(_ obstacle: Obstacle, of shape: WorkerSpecification, after before: Pool) {
        let metadata: Logger.Metadata = ["deployment": "\(shape.id)"]
        if let refusal = obstacle.refusal, before.refusal != refusal {
            logger.error("worker is not started", metadata: metadata.merging(["reason": "\(refusal)"]) { $1 })
        }
        if obstacle.isPassing, !before.isBlocked {
            logger.warning("worker waits for the room of those that it replaces or that leave", metadata: metadata)
        }
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
    private var all: [Running] {
        (Array(running.values) + Array(leaving.values)).filter { $0.supervisor.state != .stopped }
    }

    private func others(than gone: [Running]) -> [Running] {
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

    private func place(_ shape: WorkerSpecification, _ devices: DeviceWatch, without gone: [Running]) -> Placement {
        let finding = devices.finding
        let found = finding?.devices ?? .failure(DeviceFailure("they were not asked for"))
        var promised = finding.map { promises(to: others(than: gone), after: $0.askedAt) } ?? [:]
        // What those have that are taken as gone is not free yet by the list.
        for worker in gone {
            guard let finding, let ready = worker.supervisor.readySince, ready <= finding.askedAt else { continue }
            for share in worker.site.placement.shares { promised[share.name, default: 0] -= share.bytes }
        }
        return Placer(policy: devices.policy, devices: found)
            .place(admission.deviceNeed(shape), promised: promised)
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
