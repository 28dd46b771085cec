import Logging

/// Workers that are on the CPU only because the machine's devices could not be listed.
extension WorkerSupervisor {
    /// Ends one of them when it has no request and a later list has a GPU with room for it: the next look starts another there.
    ///
    /// All workers listen on paths that requests already know, so that the two cannot run side by side.
    func endStopgap(_ shape: WorkerSpecification) {
        let stopgaps = copies(of: shape).filter { $0.site.isStopgap }
        guard let first = stopgaps.first, let pool = pools[shape], isKnown(shape), let devices else { return }
        guard case .success? = devices.finding?.devices else {
            // Asks again when it is time.
            _ = canPlace
            return
        }
        // One after the other, each when the one before answers.
        guard leaving.isEmpty, running.values.allSatisfy({ $0.supervisor.state != .starting }) else { return }
        let site = site(of: pool.specification, without: [])
        guard !site.placement.shares.isEmpty, refusal(pool.specification, at: site, without: [first]) == nil else {
            // It stays where it is, as others do for which there was no room.
            for instance in stopgaps { running[instance.supervisor.copy]?.site.isStopgap = false }
            return
        }
        guard let idle = stopgaps.first(where: { reports.isIdle($0.supervisor.socket) }), canPlace else { return }
        logger.notice(
            "worker is placed anew: the devices are known now",
            metadata: ["deployment": "\(shape.id)", "device": "\(site.placement.text)"]
        )
        stop(idle.supervisor.copy)
    }
}
