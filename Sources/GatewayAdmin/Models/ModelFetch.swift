package import GatewayAPI
package import GatewayCore

/// Fetches the file of a model into a folder.
///
/// - Throws: `ModelPullProblem`, or a cancellation.
package typealias ModelFetch = @Sendable (_ order: ModelOrder, _ watch: ModelFetchWatch) async throws -> FetchedModel

/// What is to be fetched, and on whose word.
package struct ModelOrder: Sendable {
    /// Not a file of this machine.
    package var source: ModelSource
    /// What the file's SHA-256 must be.
    package var sha256: String?
    /// Where it grows until it is whole; what an earlier try has left there is gone on with.
    package var partial: String
    /// Which addresses may be talked to.
    package var reach: Reach
    /// Why a host may not be named, as the end of a sentence.
    package var hostRefusal: @Sendable (_ host: String) -> String?
    /// The setting that lists private addresses which may be talked to: `upstreams.allow`.
    package var allowing: String
    /// Whether it is an owner of the whole gateway, whose token the hub may see.
    package var isOwner: Bool
}

/// Who is told how a fetch stands, and asked for room.
package struct ModelFetchWatch: Sendable {
    /// What is to come, as far as the other side says it, before any of it does; throws where it is not wanted.
    package var expect: @Sendable (_ sha256: String?, _ size: Int64?) throws(ModelPullProblem) -> Void
    /// Before any of so many further bytes is written.
    package var makeRoom: @Sendable (_ bytes: Int64, _ sha256: String?) async throws -> Void
    /// Throws when nobody wants it any more.
    package var progress: @Sendable (_ progress: OperationProgress) async throws -> Void
    /// A sentence.
    package var tell: @Sendable (_ text: String) -> Void

    package init(
        expect: @escaping @Sendable (_ sha256: String?, _ size: Int64?) throws(ModelPullProblem) -> Void,
        makeRoom: @escaping @Sendable (_ bytes: Int64, _ sha256: String?) async throws -> Void,
        progress: @escaping @Sendable (_ progress: OperationProgress) async throws -> Void,
        tell: @escaping @Sendable (_ text: String) -> Void
    ) {
        self.expect = expect
        self.makeRoom = makeRoom
        self.progress = progress
        self.tell = tell
    }
}

/// A file that is there as a whole.
package struct FetchedModel: Sendable, Equatable {
    /// Lower-case hex.
    package var sha256: String
    package var size: Int64
    /// What was fetched in the end: a file of the hub by its name.
    package var source: ModelSource

    package init(sha256: String, size: Int64, source: ModelSource) {
        self.sha256 = sha256
        self.size = size
        self.source = source
    }
}
