/// How many threads a worker computes with, so that workers fight neither each other nor the event loops.
///
/// A step waits for all its threads: one whose core is somebody else's for a moment makes all wait, and two threads on one
/// core are slower than one. So there are never more than cores that are really free, but at least one each.
package struct ThreadShare: Sendable, Equatable {
    /// What workers of one specification may take.
    struct Claim: Equatable {
        /// How many there may be.
        var workers: Int
        /// Threads of each, where the deployment says so.
        var threads: Int?
        /// Whether GPUs compute for them: one thread hands them the work.
        var isOnGPU = false
    }

    /// Cores that workers may have.
    let cores: Int

    /// - Parameters:
    ///   - cores: of the machine.
    ///   - loops: event loops; `nil`: as many as cores, which hardly ever are all busy: half of the cores are kept for them.
    package init(cores: Int, loops: Int?) {
        self.cores = max(1, cores - (loops ?? cores / 2))
    }

    /// The threads of a worker that has no number of its own.
    ///
    /// - Parameters:
    ///   - isOnGPU: whether it is put on a GPU.
    ///   - claims: of all specifications, its own among them.
    ///   - running: threads of all workers that run, which keep theirs until they end.
    func threads(isOnGPU: Bool, among claims: [Claim], running: Int) -> Int {
        if isOnGPU { return 1 }
        let fixed = claims.reduce(0) { sum, claim in
            sum + min(claim.workers, 1 << 16) * min(claim.isOnGPU ? claim.threads ?? 1 : claim.threads ?? 0, 1 << 16)
        }
        let sharers = claims.filter { !$0.isOnGPU && $0.threads == nil }.reduce(0) { $0 + min($1.workers, 1 << 16) }
        let part = (cores - fixed) / max(1, sharers)
        return max(1, min(part, cores - running))
    }
}
