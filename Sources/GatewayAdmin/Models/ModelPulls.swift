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
    private static let mostAtOnce = 4
    private static let mostOfTenant = 2

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

    private struct Job: Sendable {
        var pull: Pull
        var operation: String
        /// Who asked.
        var origin: ChangeOrigin
    }

    /// By place.
    private let running = Mutex<[String: (pull: Pull, operation: String?)]>([:])
    private let jobs = AsyncStream.makeStream(of: Job.self)
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
            await withDiscardingTaskGroup { group in
                for await job in jobs.stream {
                    group.addTask { await self.perform(job) }
                }
            }
        }
    }

    /// Begins a pull; the same one that is under way is not begun again.
    func begin(_ pull: Pull) async throws -> ControlOperation {
        if let id = try claim(pull), let known = operations.operation(id) { return known }
        do {
            let operation = try await operations.beginWork(pull.resource, of: pull.tenant)
            running.withLock { $0[pull.place] = (pull, operation.id) }
            jobs.continuation.yield(Job(pull: pull, operation: operation.id, origin: .current))
            return operation
        } catch {
            running.withLock { $0[pull.place] = nil }
            throw error
        }
    }

    /// - Returns: the operation that does it already.
    private func claim(_ pull: Pull) throws -> String? {
        try running.withLock { running in
            if let known = running[pull.place] {
                guard let id = known.operation, known.pull.resource == pull.resource, known.pull.sha256 == pull.sha256
                else {
                    let message = "\(pull.source.shown) is being pulled already; wait until that is over"
                    throw APIError(.conflict, message, target: pull.resource)
                }
                return id
            }
            let own = running.values.count { $0.pull.tenant == pull.tenant }
            guard running.count < Self.mostAtOnce, own < Self.mostOfTenant else {
                let message = """
                    \(own) models of \(pull.tenant) and \(running.count) in all are being pulled, as many as may be; ask \
                    again when one is over
                    """
                throw APIError(.tooManyRequests(30), message)
            }
            running[pull.place] = (pull, nil)
            return nil
        }
    }

    private func perform(_ job: Job) async {
        var failure: ModelPullProblem?
        do {
            try await ChangeOrigin.$current.withValue(job.origin) { try await self.work(on: job) }
        } catch {
            failure = Self.problem(error)
        }
        running.withLock { $0[job.pull.place] = nil }
        if let failure {
            logger.warning(
                "a model was not pulled",
                metadata: ["model": "\(job.pull.resource)", "reason": "\(failure.message)"]
            )
        }
        await operations.endWork(
            job.operation,
            failure.map { ControlOperation.Failure(code: $0.code.rawValue, message: $0.message) }
        )
    }

    private static func problem(_ error: any Error) -> ModelPullProblem {
        switch error {
        case let problem as ModelPullProblem: problem
        case let error as APIError: ModelPullProblem(.failed, "\(error)")
        case let error as StoreError: ModelPullProblem(.failed, error.description)
        case is CancellationError:
            ModelPullProblem(
                .interrupted,
                "the gateway was stopped in the middle; ask for it again, and it goes on where it was"
            )
        case let error as CocoaError where error.code == .fileWriteOutOfSpace:
            ModelPullProblem(.noRoom, "the disk of models: is full; make room, and ask for it again")
        default: ModelPullProblem(.failed, "the file cannot be kept: \(error.localizedDescription)")
        }
    }

    private func work(on job: Job) async throws {
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

    private func fetch(_ job: Job, into partial: String) async throws {
        let pull = job.pull
        let order = ModelOrder(
            source: pull.source,
            sha256: pull.sha256,
            partial: partial,
            reach: reach(of: pull),
            hostRefusal: ModelPullCheck(store: store, isOwner: pull.isOwnersWord).hostRefusal(in: pull.tenant),
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
        } catch {
            // Nothing names it, unless another model has the same content.
            if !store.definitions.models.contains(where: { $0.path == path }) {
                try? FileManager.default.removeItem(atPath: path)
            }
            throw error
        }
        store.noteModelUses([path])
    }

    private func register(_ registration: ModelRegistration, _ job: Job) async throws {
        let (model, outcome) = try await store.registerModel(registration)
        let word = outcome == .unchanged ? "was registered already as" : "registered as"
        operations.tell("\(word) \(model.resource)", of: job.operation)
    }

    /// A file of this machine stays where it is.
    private func register(_ path: String, _ job: Job) async throws {
        let pull = job.pull
        let digest = try await LongDiskWork.shared.run(for: pull.tenant) { try FileDigest(path: path) }
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

    private func watch(_ job: Job) -> ModelFetchWatch {
        let (operations, shelf, store) = (operations, shelf, store)
        let (id, pull) = (job.operation, job.pull)
        return ModelFetchWatch(
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
        guard unsafe rename(partial, path) == 0 else {
            throw ModelPullProblem(.failed, "the file cannot be put in place as \(path)")
        }
        return path
    }

    /// - Throws: for what is no model: a page that says something else, say.
    private static func format(of path: String) throws -> ModelFormat {
        guard let format = ModelHeader.format(path: path), format != .unknown else {
            try? FileManager.default.removeItem(atPath: path)
            throw ModelPullProblem(
                .invalid,
                "what was fetched is no model: neither GGUF, which the embedded pool runs, nor safetensors or ONNX"
            )
        }
        if format == .gguf {
            do {
                _ = try ModelHeader(path: path)
            } catch {
                try? FileManager.default.removeItem(atPath: path)
                throw ModelPullProblem(.invalid, "what was fetched is no good GGUF: \(error)")
            }
        }
        return format
    }
}
