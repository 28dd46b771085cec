import Logging

/// Whether there is room for one more worker, and for whom it is kept.
extension WorkerSupervisor {
    /// What keeps one more from being started.
    struct Obstacle {
        /// Why it does not fit into the machine's memory; `nil`: it would, but not onto a GPU that it is to take over.
        let refusal: MemoryRefusal?
        /// Who has to go so that there is room; `nil`: nobody who might could make any.
        let wait: Pool.Wait?
    }

    /// Room that somebody has left to its successor, who has not come yet: nobody else gets in between.
    struct Bequests {
        var heirs: [MemoryAdmission.Holder] = []
        /// Those that leave it.
        var leaving: [Running] = []

        var isEmpty: Bool { heirs.isEmpty }
    }

    func obstacle(to specification: WorkerSpecification, at site: WorkerSite) -> Obstacle? {
        let refusal = refusal(specification, at: site)
        func isRoom(without gone: [Running]) -> Bool {
            // A change of settings does not drive a model from its GPU.
            let isDriven = site.placement.shares.isEmpty && gone.contains { !$0.site.placement.shares.isEmpty }
            guard !gone.isEmpty, refusal != nil || isDriven else { return false }
            let later = self.site(of: specification, without: gone)
            guard self.refusal(specification, at: later, without: gone) == nil else { return false }
            return refusal != nil || !later.placement.shares.isEmpty
        }
        let departing = Array(leaving.values)
        let replaced = running.filter { $0.key.specification.id == specification.id }
            .filter { $0.key.specification != specification.shape }.map(\.value)
        if isRoom(without: departing) { return Obstacle(refusal: refusal, wait: .departure) }
        if !replaced.isEmpty, isRoom(without: departing + replaced) {
            return Obstacle(refusal: refusal, wait: .succession)
        }
        return refusal.map { Obstacle(refusal: $0, wait: nil) }
    }

    /// Why one more does not fit into the machine's memory, as it is or as it will be when heirs are there.
    func refusal(
        _ specification: WorkerSpecification,
        at site: WorkerSite,
        without gone: [Running] = []
    ) -> MemoryRefusal? {
        func refusal(_ gone: [Running], _ heirs: [MemoryAdmission.Holder]) -> MemoryRefusal? {
            admission.refusal(
                of: specification,
                on: site.placement,
                beside: others(than: gone).map(holder) + heirs,
                without: gone.map(holder)
            )
        }
        if let now = refusal(gone, []) { return now }
        let bequests = bequests(before: specification.shape)
        guard !bequests.isEmpty else { return nil }
        let departing = bequests.leaving.filter { one in !gone.contains { $0.supervisor === one.supervisor } }
        return refusal(gone + departing, bequests.heirs)
    }

    private func holder(_ instance: Running) -> MemoryAdmission.Holder {
        MemoryAdmission.Holder(
            specification: instance.supervisor.copy.specification,
            process: instance.supervisor.processID,
            placement: instance.site.placement
        )
    }

    /// What is kept from a specification's next worker: of two heirs the earlier one comes first.
    func bequests(before shape: WorkerSpecification) -> Bequests {
        var bequests = Bequests()
        for heir in heirs.prefix(while: { $0 != shape }) {
            guard let pool = pools[heir] else { continue }
            let missing = pool.wanted - copies(of: heir).count
            guard missing > 0 else { continue }
            let leaving = leaving.values.filter { $0.supervisor.copy.specification.id == heir.id }
            let placement =
                devices.map { place(pool.specification, $0, without: leaving, keeping: bequests) } ?? .host(reason: nil)
            let holder = MemoryAdmission.Holder(specification: heir, process: nil, placement: placement)
            bequests.heirs += Array(repeating: holder, count: missing)
            bequests.leaving += leaving
        }
        return bequests
    }

    /// Those for which others have left, in that order.
    private var heirs: [WorkerSpecification] {
        pools.compactMap { shape, pool in pool.heirSince.map { (shape: shape, since: $0) } }
            .sorted { ($0.since, $0.shape.id) < ($1.since, $1.shape.id) }
            .map(\.shape)
    }

    /// All specifications, those first that have waited for others to leave.
    var order: [WorkerSpecification] {
        let heirs = heirs
        return heirs.isEmpty ? Array(pools.keys) : heirs + pools.keys.filter { !heirs.contains($0) }
    }

    /// Since when a specification's next worker cannot start for those alone that it replaces; looked at anew, for what was
    /// there may be somebody else's by now.
    package func blockedSince(_ specification: WorkerSpecification) -> ContinuousClock.Instant? {
        guard let pool = pools[specification.shape], let since = pool.blockedSince else { return nil }
        let obstacle = obstacle(to: pool.specification, at: site(of: pool.specification))
        return obstacle?.wait == .succession ? since : nil
    }

    func tell(_ obstacle: Obstacle, of shape: WorkerSpecification, after before: Pool) {
        let metadata: Logger.Metadata = ["deployment": "\(shape.id)"]
        if let refusal = obstacle.refusal, before.refusal != refusal {
            logger.error("worker is not started", metadata: metadata.merging(["reason": "\(refusal)"]) { $1 })
        }
        guard let wait = obstacle.wait, before.wait != wait else { return }
        switch wait {
        case .departure: logger.warning("worker waits for the room of others that leave", metadata: metadata)
        case .succession: logger.warning("worker waits for the room of those that it replaces", metadata: metadata)
        }
    }
}
