// `Curl` owns libcurl: every transfer runs on one thread of its own, and callers meet it only as values and events on their
// event loop. It decides nothing about requests: no retries, no redirects, no policy but the address check it is given.

package import Logging
package import NIOCore
import Synchronization

/// Sends requests through libcurl and reports on the caller's event loop; keeps connections for the next request.
///
/// Proxies are taken from the environment (`https_proxy`, `http_proxy`, `no_proxy`).
package final class CurlClient: Sendable {
    private let mailbox = Mailbox()
    private let nextID = Atomic<UInt64>(0)

    /// `addressAllowed` is asked, on the curl thread, with each numeric address before it is dialled (a proxy's where one is
    /// used); it must not block.
    package init(logger: Logger, addressAllowed: @escaping @Sendable (String) -> Bool = { _ in true }) {
        CurlThread.start { [mailbox] in
            for completion in Self.serve(mailbox, addressAllowed, logger) { completion() }
        }
    }

    deinit {
        _ = mailbox.post(.stop {})
    }

    /// The thread's work.
    ///
    /// - Returns: whom to tell, now that all of libcurl's memory and connections are gone.
    private static func serve(
        _ mailbox: Mailbox,
        _ addressAllowed: @escaping @Sendable (String) -> Bool,
        _ logger: Logger
    ) -> [@Sendable () -> Void] {
        guard let engine = Engine(mailbox: mailbox, isAddressAllowed: addressAllowed) else {
            logger.critical("libcurl is out of memory")
            return mailbox.close().compactMap { command in
                if case .start(let link) = command { link.refuse() }
                if case .stop(let completion) = command { return completion }
                return nil
            }
        }
        return engine.run()
    }

    /// Call on `eventLoop`; the delegate is kept until the transfer ends or is cancelled.
    package func start(
        _ request: CurlRequest,
        on eventLoop: any EventLoop,
        delegate: any CurlTransferDelegate
    ) -> CurlTransfer {
        let inbox = NIOLoopBound(LoopInbox(delegate: delegate), eventLoop: eventLoop)
        return CurlTransfer(link: post(request, .eventLoop(eventLoop, inbox)))
    }

    /// The whole response to a request without a body; a longer body than `limit` is a failure.
    package func get(
        url: String,
        headers: [(String, String)] = [],
        authority: CurlRequest.CertificateAuthority = .system,
        unixSocketPath: String? = nil,
        limit: Int = 1024 * 1024,
        timeout: Duration = .seconds(5)
    ) async throws(CurlFailure) -> CurlResponse {
        var request = CurlRequest(url: url, headers: headers, authority: authority)
        request.timeout = timeout
        request.unixSocketPath = unixSocketPath
        return try await fetch(request, limit: limit)
    }

    /// As `get`, for a request that the caller shaped.
    ///
    /// - Parameter body: all of it, where the request announces one.
    package func fetch(
        _ request: CurlRequest,
        body: ByteBuffer? = nil,
        limit: Int
    ) async throws(CurlFailure) -> CurlResponse {
        let collector = Collector(limit: limit)
        let link = post(request, .collector(collector))
        if let body {
            link.write(body)
            link.end(trailers: [])
        }
        return try await withTaskCancellationHandler {
            await collector.result()
        } onCancel: {
            link.cancel()
            collector.cancel()
        }.get()
    }

    /// Ends every transfer with a `cancelled` failure and the thread with them.
    package func shutdown() async {
        await withCheckedContinuation { continuation in
            if !mailbox.post(.stop { continuation.resume() }) { continuation.resume() }
        }
    }

    private func post(_ request: CurlRequest, _ destination: TransferLink.Destination) -> TransferLink {
        let id = nextID.add(1, ordering: .relaxed).newValue
        let link = TransferLink(id: id, request: request, destination: destination, mailbox: mailbox)
        if !mailbox.post(.start(link)) { link.refuse() }
        return link
    }
}
