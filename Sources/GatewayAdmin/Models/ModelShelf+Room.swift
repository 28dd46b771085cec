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

    /// What may go.
    private struct Candidate {
        /// What goes first: of what is the tenant's own, of the same kind, what was used longest ago.
        enum Rank: Comparable {
            case ownPart
            case ownModel
            case othersPart
            case othersModel
        }

        enum Kind {
            case part(ShelfPart)
            /// A file, with every model that names it.
            case model(path: String, [ModelDefinition])
        }

        let kind: Kind
        let rank: Rank
        let size: Int64
        /// Seconds since 1970.
        let usedAt: Int64

        var path: String {
            switch kind {
            case .part(let part): part.path
            case .model(let path, _): path
            }
        }
    }

    /// Bytes that are missing; none below zero.
    private struct Shortage {
        var underLimit: Int64
        var onDisk: Int64
        /// What the disk has free, where that is known.
        var free: Int64?

        var bytes: Int64 { max(underLimit, onDisk) }
    }

    /// Makes room for a download's further bytes, or says why there is none.
    ///
    /// First goes what is the tenant's own: parts of pulls that failed, then models that neither a deployment nor a worker
    /// uses, those first whose last use is longest ago. Then others' parts that nobody has gone on with for a day, and their
    /// models only for an owner of the gateway.
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
        sweepModels()
        guard shortage().bytes > 0 else { return [] }
        let candidates = try await candidates(for: request)
        let missing = shortage()
        let removable = candidates.reduce(0) { $0 + $1.size }
        guard missing.bytes > 0 else { return [] }
        guard removable >= missing.bytes else { throw refusal(of: request, missing, removable) }
        var told: [String] = []
        // A file that somebody still has open gives its room back later.
        var freed: Int64 = 0
        for candidate in candidates where shortage(atLeast: missing.free.map { $0 + freed }).bytes > 0 {
            guard let sentence = await remove(candidate) else { continue }
            freed += candidate.size
            told.append(sentence)
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
        let remedy = """
            removing all models\(others) that nothing uses, and what failed pulls have left, would give \
            \(ByteText.text(removable))
            """
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

    /// In the order in which they go; where not all that there is would do, none does.
    private func candidates(for request: ModelRoomRequest) async throws(ModelPullProblem) -> [Candidate] {
        let models = try await unusedModels(for: request)
        return (parts(for: request) + models).sorted { ($0.rank, $0.usedAt, $0.path) < ($1.rank, $1.usedAt, $1.path) }
    }

    /// - Parameter now: who was cut a moment ago will go on, and no other tenant takes that from him.
    private func parts(for request: ModelRoomRequest, at now: Date = Date()) -> [Candidate] {
        let own = "\(folder(of: request.tenant))/"
        return parts().compactMap { part in
            let isOwn = part.path.hasPrefix(own)
            guard isOwn || now.timeIntervalSince(part.changed) > ShelfPart.shortestPause else { return nil }
            return Candidate(
                kind: .part(part),
                rank: isOwn ? .ownPart : .othersPart,
                size: part.size,
                usedAt: Int64(part.changed.timeIntervalSince1970)
            )
        }
    }

    /// One that has several names goes when all of them may.
    private func unusedModels(for request: ModelRoomRequest) async throws(ModelPullProblem) -> [Candidate] {
        let uses: [String: Int64]
        do throws(StoreError) {
            uses = try await store.modelUses()
        } catch {
            throw ModelPullProblem(.failed, error.description)
        }
        let (definitions, held) = (store.definitions, heldFiles())
        let sizes = Dictionary(files().map { (ShelfFile.identity($0.path), $0.size) }, uniquingKeysWith: max)
        let byFile = Dictionary(grouping: definitions.models) { ShelfFile.identity($0.path) }
        return byFile.compactMap { identity, models -> Candidate? in
            guard let size = sizes[identity], let path = models.first?.path, !held.contains(identity),
                models.allSatisfy({ mayGo($0, for: request, in: definitions) })
            else { return nil }
            return Candidate(
                kind: .model(path: path, models),
                rank: models.allSatisfy { $0.tenant == request.tenant } ? .ownModel : .othersModel,
                size: size,
                usedAt: models.compactMap { uses[$0.path] }.max() ?? 0
            )
        }
    }

    private func mayGo(_ model: ModelDefinition, for request: ModelRoomRequest, in definitions: Definitions) -> Bool {
        model.source != nil && isPulled(model.path) && (request.isOwner || model.tenant == request.tenant)
            && model.sha256 != request.sha256
            && definitions.users(of: model.tenant, model.name, model.version).isEmpty
    }

    /// - Returns: what is gone, as a sentence; `nil` where it is not: it may have been taken up meanwhile.
    private func remove(_ candidate: Candidate) async -> String? {
        switch candidate.kind {
        case .part(let part):
            guard !isOpen(part.path) else { return nil }
            remove(part.files, because: "a pull needs the room, and nobody goes on with the one that it is a part of")
            return "removed what a pull that was cut has left, to make room"
        case .model(let path, let models): return await remove(path, models)
        }
    }

    private func remove(_ path: String, _ models: [ModelDefinition]) async -> String? {
        guard !heldFiles().contains(ShelfFile.identity(path)) else { return nil }
        do {
            try await ChangeOrigin.$current.withValue(.gateway) { try await store.forgetModels(models) }
        } catch {
            return nil
        }
        for model in models {
            removeFile(of: model)
            logger.info("pulled model removed to make room", metadata: ["model": "\(model.resource)"])
        }
        let names = models.map(\.resource).joined(separator: " and ")
        return "removed \(names), which no deployment uses, to make room"
    }
}
