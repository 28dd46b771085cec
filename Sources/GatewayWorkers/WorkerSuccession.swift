package import Logging

/// Changes workers without a gap: starts what is new beside what it replaces, and ends the old of each deployment when its
/// new one answers. Where there is room for one of both only the old one ends first, and requests wait for the new one.
///
/// One deployment does not wait for another: a model that cannot be loaded keeps its own earlier worker and no other's.
package actor WorkerSuccession {
    private static let startLimit = Duration.seconds(600)
    private static let retryDelay = Duration.seconds(5)
    /// How long there must be no room before the earlier worker goes first: others that leave may make some.
    private static let blockedLimit = 6
    private static let blockedDelay = Duration.milliseconds(500)

    private let workers: WorkerSupervisor
    private let logger: Logger
    /// What the supervisor was asked for last.
    private var wanted: [WorkerSpecification] = []

    package init(_ workers: WorkerSupervisor, logger: Logger) {
        self.workers = workers
        self.logger = logger
    }

    /// Returns when nothing earlier is left, or when its task is cancelled; one at a time.
    ///
    /// - Parameter isOpening: nothing has changed, the gateway starts: what may sleep does.
    package func settle(on desired: [WorkerSpecification], isOpening: Bool = false) async {
        let ids = Set(desired.map(\.id))
        let shapes = Set(desired.map(\.shape))
        var earlier = wanted.filter { ids.contains($0.id) && !shapes.contains($0.shape) }
        await want(desired + earlier, isOpening: isOpening)
        await withTaskGroup(of: String.self) { group in
            for id in Set(earlier.map(\.id)) {
                let successors = desired.filter { $0.id == id }
                group.addTask {
                    for successor in successors { await self.waitUntilReadyOrBlocked(successor) }
                    return id
                }
            }
            for await id in group where !Task.isCancelled {
                earlier.removeAll { $0.id == id }
                await want(desired + earlier)
            }
        }
    }

    /// Returns when its workers are ready, or have no room beside those that they replace.
    private func waitUntilReadyOrBlocked(_ specification: WorkerSpecification) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.waitUntilReady(specification) }
            group.addTask { await self.waitUntilBlocked(specification) }
            await group.next()
            group.cancelAll()
        }
    }

    private func waitUntilBlocked(_ specification: WorkerSpecification) async {
        var count = 0
        while !Task.isCancelled, count < Self.blockedLimit {
            count = await workers.isBlocked(specification) ? count + 1 : 0
            try? await Task.sleep(for: Self.blockedDelay)
        }
        guard !Task.isCancelled else { return }
        logger.warning(
            "the worker of the earlier settings ends first: there is no room for both",
            metadata: ["deployment": "\(specification.id)"]
        )
    }

    private func waitUntilReady(_ specification: WorkerSpecification) async {
        while !Task.isCancelled {
            do {
                return try await workers.waitUntilReady(specification, timeout: Self.startLimit)
            } catch {
                guard !Task.isCancelled else { return }
                logger.error("the worker of the earlier settings goes on", metadata: ["reason": "\(error)"])
                // It may be unknown, which is found at once.
                try? await Task.sleep(for: Self.retryDelay)
            }
        }
    }

    /// Tries until the supervisor took it, or something else is wanted.
    private func want(_ specifications: [WorkerSpecification], isOpening: Bool = false) async {
        while !Task.isCancelled {
            do {
                try await workers.apply(specifications, isOpening: isOpening)
                wanted = specifications
                return
            } catch {
                logger.error("workers cannot be started", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: Self.retryDelay)
            }
        }
    }
}
