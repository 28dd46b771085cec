import Crypto
import Foundation
import GatewayAPI
import GatewayCore
package import GatewayStore
package import Logging
import ServiceLifecycle
import Synchronization

/// Pulls models, each as an operation: fetches the file, puts it in place and registers it.
package final class ModelPulls: Service {
    /// One that was asked for.
    struct Pull: Sendable {
        var tenant: String
        var source: ModelSource
        var name: String
        var version: String?
        var sha256: String?
        var isOwner: Bool

        /// What the owner's configuration names may lie where the owner's resources may.
        var isOwnersWord: Bool {
            if case .hub = source { return true }
            return isOwner
        }

        /// What cannot be fetched twice at once.
        var place: String { "\(tenant) \(source)" }
        /// How its operation calls it.
        var resource: String { "\(tenant)/\(name)" + (version.map { ":\($0)" } ?? "@latest") }
    }

    private let queue = Mutex(PullQueue())
    private let wake = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    private let store: Store
    private let operations: Operations
    package let shelf: ModelShelf
    private let fetch: ModelFetch
    private let logger: Logger

    package init(
        store: Store,
        operations: Operations,
        shelf: ModelShelf,
        fetch: @escaping ModelFetch,
        logger: Logger
    ) {
        self.store = store
        self.operations = operations
        self.shelf = shelf
        self.fetch = fetch
        self.logger = logger
    }

    /// Works until the gateway stops; what is under way then fails, and can be gone on with.
    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            await shelf.sweep()
            await withDiscardingTaskGroup { group in
                group.addTask { await self.removeLate() }
                for await _ in wake.stream {
                    while let job = queue.withLock({ $0.next() }) { group.addTask { await self.perform(job) } }
                }
            }
        }
    }

    /// Workers end when they have finished, and tell nobody here.
    private func removeLate() async {
        while !Task.isCancelled {
            await shelf.removeLate()
            try? await Task.sleep(for: .seconds(5))
        }
    }

    /// Begins a pull, or has it wait for its turn; the same one that is under way is not begun again.
    func begin(_ pull: Pull) async throws -> ControlOperation {
        if let id = try queue.withLock({ queue throws(APIError) in try queue.claim(pull) }),
            let known = operations.operation(id)
        {
            return known
        }
        do {
            let operation = try await operations.beginWork(pull.resource, of: pull.tenant)
            let job = PullQueue.Job(pull: pull, operation: operation.id, origin: .current)
            if let reason = queue.withLock({ $0.enter(job) }) { operations.tell(reason, of: operation.id) }
            wake.continuation.yield()
            return operations.operation(operation.id) ?? operation
        } catch {
            queue.withLock { _ = $0.end(pull) }
            throw error
        }
    }

    /// Ends a pull before it is done; what was fetched stays, and a later one goes on with it.
    ///
    /// Returns before it is over where it runs: its operation tells. One that is over stays as it is.
    func cancel(_ operation: String) async {
        let origin = ChangeOrigin.current
        switch queue.withLock({ $0.stop(operation, by: origin) }) {
        case .nothing, .told: break
        case .left:
            await operations.endWork(operation, Self.failure(Self.cancelled(by: origin.author)), stoppedBy: origin)
            wake.continuation.yield()
        }
    }

    private func perform(_ job: PullQueue.Job) async {
        var failure: ModelPullProblem?
        do {
            try await ChangeOrigin.$current.withValue(job.origin) { try await self.workUntilStopped(on: job) }
        } catch {
            failure = Self.problem(error)
        }
        let stopper = queue.withLock { $0.end(job.pull) }
        wake.continuation.yield()
        // Whoever is late changes nothing: a model that is there is, and what was no model or had no room stays so.
        if let stopper, let code = failure?.code, [.interrupted, .unreachable].contains(code) {
            failure = Self.cancelled(by: stopper.author)
        }
        if let failure {
            logger.warning(
                "a model was not pulled",
                metadata: ["model": "\(job.pull.resource)", "reason": "\(failure.message)"]
            )
        }
        await operations.endWork(job.operation, failure.map(Self.failure), stoppedBy: stopper)
    }

    private func workUntilStopped(on job: PullQueue.Job) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.work(on: job) }
            group.addTask { for await _ in job.stop.stream {} }
            // The work's end or the wish to stop, whichever is first; then the work says how it ended.
            try await group.next()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private func work(on job: PullQueue.Job) async throws {
        let pull = job.pull
        if case .file(let path) = pull.source { return try await register(path, job) }
        let partial = try partial(of: pull)
        await shelf.begin(partial)
        do {
            try await fetch(job, into: partial)
            await shelf.end(job.operation, partial)
        } catch {
            await shelf.end(job.operation, partial)
            throw error
        }
    }

    private func fetch(_ job: PullQueue.Job, into partial: String) async throws {
        let pull = job.pull
        let check = ModelPullCheck(store: store, isOwner: pull.isOwnersWord)
        let order = ModelOrder(
            source: pull.source,
            sha256: pull.sha256,
            partial: partial,
            reach: reach(of: pull),
            hostRefusal: check.hostRefusal(in: pull.tenant),
            allowing: check.allowing(in: pull.tenant),
            isOwner: pull.isOwner
        )
        let fetched = try await fetch(order, watch(job))
        let path = try await putInPlace(fetched, partial, pull)
        operations.tell("\(ByteText.text(fetched.size)) are there, SHA-256 \(fetched.sha256)", of: job.operation)
        let registration = ModelRegistration(
            tenant: pull.tenant,
            name: pull.name,
            version: pull.version,
            path: path,
            sha256: fetched.sha256,
            size: fetched.size,
            source: fetched.source.shown
        )
        do {
            try await register(registration, job)
            await shelf.settle(path)
        } catch {
            // Nothing names it, unless another model has the same content.
            await shelf.settle(path)
            throw error
        }
        store.noteModelUses([path])
    }

    private func register(_ registration: ModelRegistration, _ job: PullQueue.Job) async throws {
        let (model, outcome) = try await store.registerModel(registration)
        let word = outcome == .unchanged ? "was registered already as" : "registered as"
        operations.tell("\(word) \(model.resource)", of: job.operation)
    }

    /// A file of this machine stays where it is.
    private func register(_ path: String, _ job: PullQueue.Job) async throws {
        let pull = job.pull
        let digest = try await LongDiskWork.shared.digest(of: path, for: pull.tenant)
        try Self.check(digest.sha256, pull.sha256, path)
        let registration = ModelRegistration(
            tenant: pull.tenant,
            name: pull.name,
            version: pull.version,
            path: path,
            sha256: digest.sha256,
            size: digest.size
        )
        try await register(registration, job)
    }

    private static func check(_ found: String, _ expected: String?, _ what: String) throws(ModelPullProblem) {
        guard let expected, expected != found else { return }
        throw ModelPullProblem(.wrongChecksum, "\(what) has the SHA-256 \(found), not \(expected)")
    }

    private func watch(_ job: PullQueue.Job) -> ModelFetchWatch {
        let (operations, shelf, store) = (operations, shelf, store)
        let (id, pull) = (job.operation, job.pull)
        let check = ModelPullCheck(store: store, isOwner: pull.isOwner)
        return ModelFetchWatch(
            expect: { sha256, size throws(ModelPullProblem) in try check.version(of: pull, sha256: sha256, size: size)
            },
            makeRoom: { bytes, sha256 in
                let request = ModelRoomRequest(
                    operation: id,
                    tenant: pull.tenant,
                    isOwner: pull.isOwner,
                    sha256: sha256
                )
                for line in try await shelf.makeRoom(for: bytes, request) { operations.tell(line, of: id) }
            },
            progress: { progress in
                operations.setProgress(progress, of: id)
                if let total = progress.total { await shelf.setRemaining(total - progress.received, id) }
                guard !store.definitions.tenants.contains(where: { $0.name == pull.tenant }) else { return }
                throw ModelPullProblem(.interrupted, "the tenant \(pull.tenant) was removed, and its models with it")
            },
            tell: { operations.tell($0, of: id) }
        )
    }

    private func reach(of pull: Pull) -> Reach {
        store.networks.reach(of: pull.tenant, isNamedByTenant: !pull.isOwnersWord)
    }

    /// The same for the same source, so that a later try goes on with it.
    private func partial(of pull: Pull) throws -> String {
        let folder = "\(shelf.folder(of: pull.tenant))/partial"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let digest = FileDigest.text(of: SHA256.hash(data: Data("\(pull.source)".utf8)))
        return "\(folder)/\(digest.prefix(32))"
    }

    /// At once and under a name that only its content gives.
    private func putInPlace(_ fetched: FetchedModel, _ partial: String, _ pull: Pull) async throws -> String {
        let format = try await LongDiskWork.shared.run(for: pull.tenant) { try Self.format(of: partial) }
        let path = "\(shelf.folder(of: pull.tenant))/\(fetched.sha256).\(format.rawValue)"
        try await shelf.place(partial, as: path)
        return path
    }

    /// - Throws: for what is no model: a page that says something else, say.
    private static func format(of path: String) throws -> ModelFormat {
        guard let format = ModelHeader.format(path: path), format != .unknown else {
            discard(path)
            throw ModelPullProblem(
                .invalid,
                "what was fetched is no model: neither GGUF, which the embedded pool runs, nor safetensors or ONNX"
            )
        }
        if format == .gguf {
            do {
                _ = try ModelHeader(path: path)
            } catch {
                discard(path)
                throw ModelPullProblem(.invalid, "what was fetched is no good GGUF: \(error)")
            }
        }
        return format
    }

    /// What is there is good for nothing.
    private static func discard(_ partial: String) {
        for path in [partial, ShelfFile.note(of: partial)] { try? FileManager.default.removeItem(atPath: path) }
    }
}
