import NIOCore
import Synchronization

/// Gathers a whole response for a caller that waits for it, up to a limit.
final class Collector: Sendable {
    /// What has come so far.
    private struct Progress {
        var head: CurlHead?
        var body = ByteBuffer()
        var waiter: CheckedContinuation<Result<CurlResponse, CurlFailure>, Never>?
        var result: Result<CurlResponse, CurlFailure>?
    }

    private let limit: Int
    private let progress = Mutex(Progress())

    init(limit: Int) {
        self.limit = limit
    }

    /// Waits for the end; only one caller may.
    func result() async -> Result<CurlResponse, CurlFailure> {
        await withCheckedContinuation { continuation in
            let finished = progress.withLock { progress in
                if progress.result == nil { progress.waiter = continuation }
                return progress.result
            }
            if let finished { continuation.resume(returning: finished) }
        }
    }

    /// Returns false when the response is over the limit and the transfer should stop.
    func deliver(_ events: [TransferEvent]) -> Bool {
        events.allSatisfy(deliver)
    }

    /// Ends the wait of a caller that was cancelled.
    func cancel() {
        finish(
            .failure(
                CurlFailure(phase: .cancelled, hasSentRequest: true, isConnectionReused: false, reason: "cancelled")
            )
        )
    }

    private func deliver(_ event: TransferEvent) -> Bool {
        switch event {
        case .head(let head): progress.withLock { $0.head = head }
        case .body(let bytes): return append(bytes)
        case .end: finish(progress.withLock { Self.response($0) })
        case .failed(let failure): finish(.failure(failure))
        case .writable: break
        }
        return true
    }

    private func append(_ bytes: ByteBuffer) -> Bool {
        let fits = progress.withLock { progress in
            progress.body.writeImmutableBuffer(bytes)
            return progress.body.readableBytes <= limit
        }
        if !fits { finish(.failure(Self.failure("the response is over \(limit) bytes"))) }
        return fits
    }

    private func finish(_ result: Result<CurlResponse, CurlFailure>) {
        let waiter = progress.withLock { progress in
            if progress.result == nil { progress.result = result }
            defer { progress.waiter = nil }
            return progress.waiter
        }
        waiter?.resume(returning: result)
    }

    private static func response(_ progress: Progress) -> Result<CurlResponse, CurlFailure> {
        guard let head = progress.head else { return .failure(failure("the response has no head")) }
        return .success(CurlResponse(head: head, body: progress.body))
    }

    private static func failure(_ reason: String) -> CurlFailure {
        CurlFailure(phase: .receive, hasSentRequest: true, isConnectionReused: false, reason: reason)
    }
}
