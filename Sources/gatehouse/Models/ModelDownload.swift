import Curl
import Foundation
import GatewayAPI
import GatewayAdmin
import GatewayCore
import NIOCore
import NIOPosix

/// Gets one URL into a file: follows redirects, goes on where an earlier try was cut, and tries again.
struct ModelDownload: Sendable {
    /// What is fetched, and what is known of it before.
    struct Target: Sendable {
        var url: String
        /// Sent to the URL's own host alone.
        var token: String?
        /// Lower-case hex SHA-256 that the content must have.
        var sha256: String?
        var reach: Reach
        /// Why a host may not be named, as the end of a sentence; asked of redirects too.
        var hostRefusal: @Sendable (_ host: String) -> String?
        /// The setting that lists private addresses which may be talked to.
        var allowing = "upstreams.allow"
        /// What to say of a bad answer.
        var explain: @Sendable (_ status: Int) -> ModelPullProblem
    }

    static let mostRedirects = 10
    /// How often in a row it may come no further.
    private static let mostTries = 5
    /// The same for a server that is silent: none holds the place of others for long.
    private static let mostSilences = 2
    /// Bytes that are further; less is as good as nothing, however often it is sent.
    private static let leastStep: Int64 = 1 << 20
    /// Bytes that must come within `patience`.
    static let leastBytes: Int64 = 64 << 10

    let curl: CurlClient
    let loop: any EventLoop
    let authority: CurlRequest.CertificateAuthority
    /// Until the second try, then twice as long each time.
    var delay = Duration.milliseconds(500)
    /// How long a server may be silent, or send next to nothing.
    var patience = Duration.seconds(60)

    /// Returns when the file is whole and its checksum right.
    func fetch(_ target: Target, into file: DownloadFile, _ watch: ModelFetchWatch) async throws {
        var known = try await takeUp(file)
        if file.count > 0 { watch.tell("going on behind the \(ByteText.text(file.count)) that are there") }
        var (furthest, tries, silences) = (file.count, 0, 0)
        while true {
            do {
                let sha256 = try await attempt(target, &known, into: file, watch)
                return try check(file, target.sha256 ?? sha256)
            } catch let cut as DownloadCut {
                if file.count >= furthest + Self.leastStep { (furthest, tries, silences) = (file.count, 0, 0) }
                tries += 1
                if cut.isSilence { silences += 1 }
                guard tries < Self.mostTries, silences < Self.mostSilences else { throw cut.problem }
                watch.tell("\(cut.problem.message); trying again")
                try await Task.sleep(for: delay * (1 << (tries - 1)))
            }
        }
    }

    /// - Returns: what the part that is there is of.
    private func takeUp(_ file: DownloadFile) async throws -> DownloadFile.Note? {
        guard let note = try file.takeUp() else { return nil }
        while try await NIOThreadPool.singleton.runIfActive({ try file.takeUpMore() }) { try Task.checkCancellation() }
        return note
    }

    private func check(_ file: DownloadFile, _ expected: String?) throws {
        let found = file.sha256
        guard expected == nil || expected == found else {
            file.discard()
            throw ModelPullProblem(
                .wrongChecksum,
                "what was fetched has the SHA-256 \(found), not \(expected ?? ""); it was thrown away"
            )
        }
        try file.finish()
    }

    /// - Parameter known: what the part that is there is of.
    /// - Returns: the SHA-256 that the hub has told.
    private func attempt(
        _ target: Target,
        _ known: inout DownloadFile.Note?,
        into file: DownloadFile,
        _ watch: ModelFetchWatch
    ) async throws -> String? {
        // A part that nothing tells from another content's is not gone on with.
        if file.count > 0, known?.tag == nil, known?.sha256 == nil { try file.restart() }
        let (transfer, head, linked) = try await open(target, known, at: file.count)
        do {
            let sha256 = linked.sha256 ?? target.sha256
            try Self.check(linked.sha256, target.sha256)
            guard var note = try Self.note(head, sha256, known, file, target) else {
                transfer.cancel()
                try watch.expect(sha256, file.count)
                return sha256
            }
            try Self.check(note.total, against: linked)
            if note.total == nil { note.total = linked.size }
            known = note
            try watch.expect(sha256, note.total)
            try await watch.makeRoom(max(0, (note.total ?? 0) - file.count), sha256)
            try file.writeNote(note)
            file.bound(to: note.total)
            try await receive(transfer, into: file, note, watch)
            try Self.checkLength(file, note)
            return note.sha256
        } catch {
            transfer.cancel()
            throw try Self.cut(error, target)
        }
    }

    /// Whether the part that is there is of what is answered; if not, it begins anew.
    ///
    /// - Returns: what is being sent; `nil` when all of it is there already.
    private static func note(
        _ head: CurlHead,
        _ sha256: String?,
        _ known: DownloadFile.Note?,
        _ file: DownloadFile,
        _ target: Target
    ) throws -> DownloadFile.Note? {
        if let coding = head.first("content-encoding"), coding.lowercased() != "identity" {
            throw ModelPullProblem(
                .unreachable,
                "the server sends the file as \(coding.prefix(40)), which nobody asked for"
            )
        }
        let tag = head.first("etag").flatMap { $0.hasPrefix("\"") ? $0 : nil }
        switch head.status {
        case 206:
            let range = ContentRange(head.first("content-range") ?? "")
            let isSame = sha256.map { $0 == known?.sha256 } ?? (tag != nil && tag == known?.tag)
            let isAsLong = range?.total == nil || known?.total == nil || range?.total == known?.total
            guard let range, range.first == file.count, isSame, isAsLong else {
                try file.restart()
                throw DownloadCut("the server has gone on with something else than what is there")
            }
            return DownloadFile.Note(tag: tag, sha256: sha256 ?? known?.sha256, total: range.total ?? known?.total)
        case 416:
            let total = ContentRange(head.first("content-range") ?? "")?.total
            if let total, total > 0, total == file.count, total == known?.total ?? total { return nil }
            try file.restart()
            throw DownloadCut("the server does not have what is there already")
        default:
            try file.restart()
            return DownloadFile.Note(
                tag: tag,
                sha256: sha256,
                total: head.first("content-length").flatMap { ContentRange.count($0) }
            )
        }
    }

    private static func check(_ told: String?, _ expected: String?) throws {
        guard let told, let expected, told != expected else { return }
        throw ModelPullProblem(.wrongChecksum, "the hub has a file with the SHA-256 \(told) there, not \(expected)")
    }

    private static func checkLength(_ file: DownloadFile, _ note: DownloadFile.Note) throws {
        guard let total = note.total, total != file.count else { return }
        if file.count > total { try file.restart() }
        throw DownloadCut("the server sent \(file.count) bytes of \(total)")
    }

    /// The hub knows how long its file is: what is of another length need not be fetched to be refused.
    private static func check(_ total: Int64?, against linked: Linked) throws {
        guard let total, let size = linked.size, linked.sha256 != nil, total != size else { return }
        throw DownloadCut("the server has a file of \(total) bytes, where the hub says \(size)")
    }

    /// What may be right the next time, as a cut; the rest is thrown as it is.
    static func cut(_ error: any Error, _ target: Target) throws -> any Error {
        guard let failure = error as? CurlFailure else { throw error }
        let reason = String(failure.reason.prefix(300))
        switch failure.phase {
        case .tls where failure.isUntrusted:
            throw ModelPullProblem(.unreachable, "the server's certificate is not trusted: \(reason); see models.ca")
        case .tls: throw ModelPullProblem(.unreachable, "no secure connection to the server: \(reason)")
        case .cancelled: throw CancellationError()
        case .connect where reason.contains("not allowed"):
            throw ModelPullProblem(
                .addressRefused,
                "\(reason); where it is a private one, \(target.allowing) in gatehouse.yaml can list its network"
            )
        case .connect: return DownloadCut("cannot connect: \(reason)")
        case .send, .receive, .timeout: return DownloadCut("the connection was cut: \(reason)")
        }
    }
}

/// Something that may go better the next time.
struct DownloadCut: Error {
    let problem: ModelPullProblem
    /// Whether the server took its time instead of failing.
    var isSilence = false

    init(_ problem: ModelPullProblem) { self.problem = problem }

    init(_ message: String, isSilence: Bool = false) {
        problem = ModelPullProblem(.unreachable, message)
        self.isSilence = isSilence
    }
}
