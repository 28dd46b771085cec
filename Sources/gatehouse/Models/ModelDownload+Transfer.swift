import Curl
import Foundation
import GatewayAPI
import GatewayAdmin
import GatewayCore
import NIOCore

/// Redirects, and the body.
extension ModelDownload {
    /// What the hub says of a file on the way to it.
    struct Linked {
        var sha256: String?
        var size: Int64?
    }

    func open(
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
                let late = loop.scheduleTask(in: TimeAmount(patience)) { [patience] in
                    transfer.cancel(DownloadCut("no answer came for \(patience.components.seconds) s", isSilence: true))
                }
                defer { late.cancel() }
                head = try await transfer.open(request(url, target, known, at: offset))
            } catch {
                transfer.cancel()
                throw try Self.cut(error, target)
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
                throw DownloadCut(target.explain(head.status))
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

    func receive(
        _ transfer: FileTransfer,
        into file: DownloadFile,
        _ note: DownloadFile.Note,
        _ watch: ModelFetchWatch
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await transfer.receive(into: file) }
            group.addTask { try await observe(file, note, watch) }
            // The body's end, or whatever goes wrong first; the other is cancelled.
            _ = try await group.next()
            group.cancelAll()
        }
    }

    /// Tells how far it is, until it is cancelled or next to nothing comes any more.
    private func observe(_ file: DownloadFile, _ note: DownloadFile.Note, _ watch: ModelFetchWatch) async throws {
        var rate = TransferRate(at: file.count)
        var (last, since) = (file.count, ContinuousClock.now)
        var unchecked = file.count
        while true {
            let progress = OperationProgress(received: file.count, total: note.total, bytesPerSecond: rate.perSecond)
            try await watch.progress(progress)
            try await Task.sleep(for: min(patience, .milliseconds(250)))
            let count = file.count
            rate.add(count)
            if count >= last + Self.leastBytes { (last, since) = (count, .now) }
            if ContinuousClock.now - since > patience {
                let came = count > last ? "only \(count - last) bytes" : "nothing"
                throw DownloadCut("\(came) came for \(patience.components.seconds) s", isSilence: true)
            }
            // Where nobody said how much it will be, room is looked for as it grows.
            if note.total == nil, count - unchecked > 64 << 20 {
                try await watch.makeRoom(64 << 20, note.sha256)
                unchecked = count
            }
        }
    }
}
