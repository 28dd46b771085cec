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
        /// What to say of a bad answer.
        var explain: @Sendable (_ status: Int) -> ModelPullProblem
    }

    private static let mostRedirects = 10
    /// How often in a row it may come no further.
    private static let mostTries = 5
    /// Without a byte.
    private static let patience = Duration.seconds(60)

    let curl: CurlClient
    let loop: any EventLoop
    let authority: CurlRequest.CertificateAuthority
    /// Until the second try, then twice as long each time.
    var delay = Duration.milliseconds(500)

    /// Returns when the file is whole and its checksum right.
    func fetch(_ target: Target, into file: DownloadFile, _ watch: ModelFetchWatch) async throws {
        var known = try await NIOThreadPool.singleton.runIfActive { try file.takeUp() }
        if file.count > 0 { watch.tell("going on behind the \(ByteText.text(file.count)) that are there") }
        var tries = 0
        while true {
            let before = file.count
            do {
                let sha256 = try await attempt(target, &known, into: file, watch)
                return try check(file, target.sha256 ?? sha256)
            } catch let cut as Cut {
                tries = file.count > before ? 1 : tries + 1
                guard tries < Self.mostTries else { throw cut.problem }
                watch.tell("\(cut.problem.message); trying again")
                try await Task.sleep(for: delay * (1 << (tries - 1)))
            }
        }
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
                return sha256
            }
            if note.total == nil { note.total = linked.size }
            known = note
            try await watch.makeRoom(max(0, (note.total ?? 0) - file.count), sha256)
            try file.writeNote(note)
            file.bound(to: note.total)
            try await receive(transfer, into: file, note, watch)
            try Self.checkLength(file, note)
            return note.sha256
        } catch {
            transfer.cancel()
            throw try Self.cut(error)
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
                throw Cut("the server has gone on with something else than what is there")
            }
            return DownloadFile.Note(tag: tag, sha256: sha256 ?? known?.sha256, total: range.total ?? known?.total)
        case 416:
            if let total = ContentRange(head.first("content-range") ?? "")?.total, total == file.count, total > 0 {
                return nil
            }
            try file.restart()
            throw Cut("the server does not have what is there already")
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
        throw Cut("the server sent \(file.count) bytes of \(total)")
    }

    /// What may be right the next time, as a cut; the rest is thrown as it is.
    private static func cut(_ error: any Error) throws -> any Error {
        guard let failure = error as? CurlFailure else { throw error }
        return try cut(failure)
    }

    private static func cut(_ failure: CurlFailure) throws -> Cut {
        let reason = String(failure.reason.prefix(300))
        switch failure.phase {
        case .tls:
            throw ModelPullProblem(.unreachable, "the server's certificate is not trusted: \(reason); see models.ca")
        case .cancelled: throw CancellationError()
        case .connect where reason.contains("not allowed"):
            throw ModelPullProblem(.addressRefused, "\(reason); see upstreams.allow in gatehouse.yaml")
        case .connect: return Cut("cannot connect: \(reason)")
        case .send, .receive, .timeout: return Cut("the connection was cut: \(reason)")
        }
    }
}

/// Redirects, and the body.
extension ModelDownload {
    /// What the hub says of a file on the way to it.
    private struct Linked {
        var sha256: String?
        var size: Int64?
    }

    private func open(
        _ target: Target,
        _ known: DownloadFile.Note?,
        at offset: Int64
    ) async throws -> (FileTransfer, CurlHead, Linked) {
        var (url, linked) = (target.url, Linked())
        for _ in 0...Self.mostRedirects {
            let transfer = FileTransfer(curl, on: loop)
            let head: CurlHead
            do {
                // A server that takes the request and never answers.
                let late = loop.scheduleTask(in: .seconds(Self.patience.components.seconds)) {
                    transfer.cancel(Cut("no answer came for \(Self.patience.components.seconds) s"))
                }
                defer { late.cancel() }
                head = try await transfer.open(request(url, target, known, at: offset))
            } catch {
                transfer.cancel()
                throw try Self.cut(error)
            }
            // The hub tells of its file; where it leads to has no say in what the file must be.
            if Origin(url) == Origin(target.url) { linked = Self.linked(head, linked) }
            switch head.status {
            case 200, 206: return (transfer, head, linked)
            case 416 where offset > 0: return (transfer, head, linked)
            case 301, 302, 303, 307, 308:
                transfer.cancel()
                url = try Self.next(head, url)
            case 408, 429, 500...599:
                transfer.cancel()
                throw Cut(target.explain(head.status))
            default:
                transfer.cancel()
                throw target.explain(head.status)
            }
        }
        throw ModelPullProblem(.unreachable, "the server redirects more than \(Self.mostRedirects) times")
    }

    private func request(
        _ url: String,
        _ target: Target,
        _ known: DownloadFile.Note?,
        at offset: Int64
    ) throws -> CurlRequest {
        guard let origin = Origin(url) else { throw ModelPullProblem(.unreachable, "the server redirects to no URL") }
        if let refusal = target.hostRefusal(origin.name) { throw ModelPullProblem(.addressRefused, refusal) }
        var headers = [("Host", origin.host), ("User-Agent", "gatehouse"), ("Accept", "*/*")]
        if let token = target.token, origin == Origin(target.url) {
            headers.append(("Authorization", "Bearer \(token)"))
        }
        if offset > 0 {
            headers.append(("Range", "bytes=\(offset)-"))
            if let tag = known?.tag { headers.append(("If-Range", tag)) }
        }
        var request = CurlRequest(url: url, headers: headers, authority: authority)
        request.connectTimeout = .seconds(20)
        let reach = target.reach
        request.isAddressAllowed = { reach.admits($0) }
        return request
    }

    private static func linked(_ head: CurlHead, _ before: Linked) -> Linked {
        var linked = before
        if let tag = head.first("x-linked-etag")?.filter({ $0 != "\"" }).lowercased(), tag.utf8.count == 64,
            tag.allSatisfy({ $0.isASCII && $0.isHexDigit })
        {
            linked.sha256 = tag
        }
        if let size = head.first("x-linked-size").flatMap({ ContentRange.count($0) }) { linked.size = size }
        return linked
    }

    private static func next(_ head: CurlHead, _ url: String) throws -> String {
        guard let location = head.first("location"), let base = URL(string: url),
            let next = URL(string: location, relativeTo: base)?.absoluteURL, next.user == nil
        else { throw ModelPullProblem(.unreachable, "the server redirects to no URL") }
        // Never out of TLS.
        guard next.scheme == "https" || (next.scheme == "http" && base.scheme == "http") else {
            throw ModelPullProblem(.unreachable, "the server redirects to \(next.scheme ?? "nothing"), not to https")
        }
        return next.absoluteString
    }

    private func receive(
        _ transfer: FileTransfer,
        into file: DownloadFile,
        _ note: DownloadFile.Note,
        _ watch: ModelFetchWatch
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await transfer.receive(into: file) }
            group.addTask { try await Self.observe(file, note, watch) }
            // The body's end, or whatever goes wrong first; the other is cancelled.
            _ = try await group.next()
            group.cancelAll()
        }
    }

    /// Tells how far it is, until it is cancelled or nothing comes any more.
    private static func observe(_ file: DownloadFile, _ note: DownloadFile.Note, _ watch: ModelFetchWatch) async throws
    {
        var rate = TransferRate(at: file.count)
        var (last, quiet) = (file.count, ContinuousClock.now)
        var unchecked = file.count
        while true {
            let progress = OperationProgress(received: file.count, total: note.total, bytesPerSecond: rate.perSecond)
            try await watch.progress(progress)
            try await Task.sleep(for: .milliseconds(250))
            let count = file.count
            rate.add(count)
            if count > last { (last, quiet) = (count, .now) }
            if ContinuousClock.now - quiet > patience { throw Cut("nothing came for \(patience.components.seconds) s") }
            // Where nobody said how much it will be, room is looked for as it grows.
            if note.total == nil, count - unchecked > 64 << 20 {
                try await watch.makeRoom(64 << 20, note.sha256)
                unchecked = count
            }
        }
    }
}

/// Something that may go better the next time.
private struct Cut: Error {
    let problem: ModelPullProblem

    init(_ problem: ModelPullProblem) { self.problem = problem }
    init(_ message: String) { problem = ModelPullProblem(.unreachable, message) }
}
