package import Logging

/// Changes workers without a gap: starts what is new beside what it replaces, and ends the old of each deployment when its
/// new one answers. Where there is room for one of both only the old one ends first, and requests wait for the new one.
///
/// One deployment does not wait for another: a model that cannot be loaded keeps its own earlier worker and no other's.
package actor WorkerSuccession {
    private static let startLimit = Duration.seconds(600)
    private static let retryDelay = Duration.seconds(5)
    /// How long there must be no room before the earlier worker goes first: somebody else may make some.
    private static let blockedLimit = Duration.seconds(3)
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
        var earlier: [WorkerSpecification] = []
        for one in wanted where ids.contains(one.id) && !shapes.contains(one.shape) {
            // Settings that were given up before they had a worker get none, which would take the room of those that are wanted.
            if await workers.isStaffed(one) { earlier.append(one) }
        }
        await want(desired + earlier, isOpening: isOpening)
        await withTaskGroup(of: String.self) { group in
            for id in Set(earlier.map(\.id)) { group.addTask { await self.wait(for: id, desired) } }
            for await id in group where !Task.isCancelled {
                // Of two that were blocked at once the one that came first may have what was there for both.
                guard await isReadyOrBlocked(id, desired) else {
                    group.addTask { await self.wait(for: id, desired) }
                    continue
                }
                earlier.removeAll { $0.id == id }
                await want(desired + earlier)
            }
        }
    }

    /// Returns when a deployment's workers are ready, or have no room beside those that they replace.
    private func wait(for id: String, _ desired: [WorkerSpecification]) async -> String {
        for specification in desired where specification.id == id {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.waitUntilReady(specification) }
                group.addTask { await self.waitUntilBlocked(specification) }
                await group.next()
                group.cancelAll()
            }
        }
        return id
    }

    private func isReadyOrBlocked(_ id: String, _ desired: [WorkerSpecification]) async -> Bool {
        for specification in desired where specification.id == id {
            if await isBlocked(specification) {
                logger.warning(
                    "the worker of the earlier settings ends first: there is no room for both",
                    metadata: ["deployment": "\(id)"]
                )
                continue
            }
            guard (try? await workers.waitUntilReady(specification, timeout: .zero)) != nil else { return false }
        }
        return true
    }

    private func isBlocked(_ specification: WorkerSpecification) async -> Bool {
        guard let since = await workers.blockedSince(specification) else { return false }
        return .now - since >= Self.blockedLimit
    }

    private func waitUntilBlocked(_ specification: WorkerSpecification) async {
        while !Task.isCancelled, await !isBlocked(specification) { try? await Task.sleep(for: Self.blockedDelay) }
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
