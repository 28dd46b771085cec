import Foundation
import GatewayCore
import GatewayStore
import Logging

/// Who wants room on the shelf.
struct ModelRoomRequest: Sendable {
    /// The operation's id.
    var operation: String
    var tenant: String
    /// Whether it is an owner of the whole gateway.
    var isOwner: Bool
    /// Of what is fetched, where it is known: a model with that content stays.
    var sha256: String?
}

/// Room for what is fetched: under the limit, and on the disk.
extension ModelShelf {
    /// What the disk keeps free beside what is fetched.
    static let spare: Int64 = 256 << 20

    /// A file that may go, with every model that names it.
    private struct Candidate {
        let path: String
        let size: Int64
        let models: [ModelDefinition]
        /// Seconds since 1970.
        let usedAt: Int64
    }

    /// Bytes that are missing; none below zero.
    private struct Shortage {
        var underLimit: Int64
        var onDisk: Int64
        /// What the disk has free, where that is known.
        var free: Int64?

        var bytes: Int64 { max(underLimit, onDisk) }
    }

    /// Makes room for a download's further bytes, or says why there is none; removes models that no deployment uses, those
    /// first whose last use is longest ago: the tenant's own, and others' only for an owner of the gateway.
    ///
    /// - Returns: what was removed, as sentences.
    func makeRoom(for bytes: Int64, _ request: ModelRoomRequest) async throws(ModelPullProblem) -> [String] {
        // Before anything is awaited: of two downloads the later one sees the earlier.
        reserved[request.operation] = bytes
        do throws(ModelPullProblem) {
            return try await evict(for: request)
        } catch {
            reserved[request.operation] = nil
            throw error
        }
    }

    private func evict(for request: ModelRoomRequest) async throws(ModelPullProblem) -> [String] {
        guard shortage().bytes > 0 else { return [] }
        removeParts()
        guard shortage().bytes > 0 else { return [] }
        let candidates = try await candidates(for: request)
        let missing = shortage()
        let removable = candidates.reduce(0) { $0 + $1.size }
        guard missing.bytes > 0 else { return [] }
        guard removable >= missing.bytes else { throw refusal(of: request, missing, removable) }
        var told: [String] = []
        // A file that a worker still has open gives its room back later.
        var freed: Int64 = 0
        for file in candidates where shortage(atLeast: missing.free.map { $0 + freed }).bytes > 0 {
            guard await remove(file) else { continue }
            freed += file.size
            let names = file.models.map(\.resource).joined(separator: " and ")
            told.append("removed \(names), which no deployment uses, to make room")
        }
        let left = shortage(atLeast: missing.free.map { $0 + freed })
        guard left.bytes <= 0 else { throw refusal(of: request, left, 0) }
        return told
    }

    /// - Parameter known: bytes that are free on the disk, or will be.
    private func shortage(atLeast known: Int64? = nil) -> Shortage {
        let coming = reserved.values.reduce(0, Self.sum)
        let used = files().reduce(0) { Self.sum($0, $1.size) }
        let free = freeBytes(root).map { max($0, known ?? 0) }
        return Shortage(
            underLimit: limit.map { max(0, Self.sum(used, coming) - $0) } ?? 0,
            onDisk: free.map { max(0, Self.sum(coming, Self.spare) - $0) } ?? 0,
            free: free
        )
    }

    /// What a server says that it will send may be any number.
    private static func sum(_ one: Int64, _ other: Int64) -> Int64 {
        let sum = one.addingReportingOverflow(other)
        return sum.overflow ? .max : sum.partialValue
    }

    private func refusal(
        of request: ModelRoomRequest,
        _ missing: Shortage,
        _ removable: Int64
    ) -> ModelPullProblem {
        let wanted = ByteText.text(reserved[request.operation] ?? 0)
        let others = request.isOwner ? "" : " of \(request.tenant)"
        let remedy = "removing all models\(others) that no deployment uses would give \(ByteText.text(removable))"
        guard missing.underLimit > removable || missing.onDisk == 0, let limit else {
            return ModelPullProblem(
                .noRoom,
                """
                \(wanted) are still to come, and the disk of \(root) has \(ByteText.text(missing.free ?? 0)) free, of which \
                \(ByteText.text(Self.spare)) and what other pulls will take stay free: \(ByteText.text(missing.onDisk)) are \
                missing, and \(remedy); make room on that disk, or name another folder with models:
                """
            )
        }
        return ModelPullProblem(
            .noRoom,
            """
            \(wanted) are still to come, and pulled models may have \(ByteText.text(limit)) (models.limit): \
            \(ByteText.text(missing.underLimit)) are missing, and \(remedy); remove others with gatehouse models remove, or \
            raise the limit
            """
        )
    }

    /// Files of models that no deployment uses, in the order in which they may go; one that has several names goes when all
    /// of them may.
    private func candidates(for request: ModelRoomRequest) async throws(ModelPullProblem) -> [Candidate] {
        let uses: [String: Int64]
        do throws(StoreError) {
            uses = try await store.modelUses()
        } catch {
            throw ModelPullProblem(.failed, error.description)
        }
        let definitions = store.definitions
        let sizes = Dictionary(files().map { (ShelfFile.identity($0.path), $0.size) }, uniquingKeysWith: max)
        let byFile = Dictionary(grouping: definitions.models) { ShelfFile.identity($0.path) }
        return byFile.compactMap { identity, models -> Candidate? in
            guard let size = sizes[identity], let path = models.first?.path, !isPlaced(path),
                models.allSatisfy({ mayGo($0, for: request, in: definitions) })
            else { return nil }
            return Candidate(
                path: path,
                size: size,
                models: models,
                usedAt: models.compactMap { uses[$0.path] }.max() ?? 0
            )
        }.sorted { ($0.usedAt, $0.path) < ($1.usedAt, $1.path) }
    }

    private func mayGo(_ model: ModelDefinition, for request: ModelRoomRequest, in definitions: Definitions) -> Bool {
        model.source != nil && isPulled(model.path) && (request.isOwner || model.tenant == request.tenant)
            && model.sha256 != request.sha256
            && definitions.users(of: model.tenant, model.name, model.version).isEmpty
    }

    /// - Returns: whether it is gone; a deployment may have taken it up meanwhile.
    private func remove(_ file: Candidate) async -> Bool {
        do {
            try await ChangeOrigin.$current.withValue(.gateway) { try await store.forgetModels(file.models) }
        } catch {
            return false
        }
        for model in file.models {
            removeFile(of: model)
            logger.info("pulled model removed to make room", metadata: ["model": "\(model.resource)"])
        }
        return true
    }
}
