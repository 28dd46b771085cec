import Curl
import NIOCore

/// One POST and what was answered; lives on its event loop.
///
/// The body of the answer is counted and thrown away: shown to whoever made the webhook, it would let them read what only the
/// gateway can reach.
final class WebhookTransfer: CurlTransferDelegate {
    /// The status, or why there is none.
    typealias Outcome = Result<Int, CurlFailure>

    private static let largestAnswer = 64 << 10

    /// `nil` = cancelled.
    private let answer: EventLoopPromise<Outcome?>
    private var transfer: CurlTransfer?
    private var status: Int?
    private var received = 0
    private var isFinished = false

    init(answer: EventLoopPromise<Outcome?>) {
        self.answer = answer
    }

    /// Does nothing when it was cancelled before.
    func send(
        _ request: CurlRequest,
        _ body: ByteBuffer,
        through curl: CurlClient,
        on eventLoop: any EventLoop
    ) {
        guard !isFinished else { return }
        let transfer = curl.start(request, on: eventLoop, delegate: self)
        self.transfer = transfer
        transfer.write(body)
        transfer.end()
    }

    func cancel() {
        transfer?.cancel()
        finish(nil)
    }

    func curlHead(_ head: CurlHead) { status = head.status }

    func curlBody(_ bytes: ByteBuffer) {
        received += bytes.readableBytes
        guard received > Self.largestAnswer else { return }
        transfer?.cancel()
        finish(.success(status ?? 0))
    }

    func curlEnd(trailers: [(String, String)]) { finish(.success(status ?? 0)) }

    /// The status is the answer: a body that is cut behind it takes nothing back.
    func curlFailed(_ failure: CurlFailure) {
        finish(status.map { .success($0) } ?? .failure(failure))
    }

    func curlWritable() {}

    private func finish(_ outcome: Outcome?) {
        guard !isFinished else { return }
        isFinished = true
        // The client holds the delegate and this would hold the transfer: neither would go.
        transfer = nil
        answer.succeed(outcome)
    }
}
