import Curl
import NIOCore

/// What the admin API answered.
struct AdminAnswer {
    var status: Int
    /// Of the resource in the body.
    var tag: String?
    var body: ByteBuffer
    /// The id of the operation that `Operation-Location` names.
    var operation: String?
}

/// Puts the events of one transfer together into a whole answer of bounded size; lives on the transfer's event loop.
final class AnswerCollector: CurlTransferDelegate {
    private let answer: EventLoopPromise<AdminAnswer>
    private let limit: Int
    private var head: CurlHead?
    private var body = ByteBuffer()

    init(answer: EventLoopPromise<AdminAnswer>, limit: Int) {
        self.answer = answer
        self.limit = limit
    }

    func curlHead(_ head: CurlHead) { self.head = head }

    func curlBody(_ bytes: ByteBuffer) {
        guard body.readableBytes + bytes.readableBytes <= limit else {
            answer.fail(ClientError("the gateway's answer is too long"))
            return
        }
        body.writeImmutableBuffer(bytes)
    }

    func curlEnd(trailers: [(String, String)]) {
        guard let head else {
            answer.fail(ClientError("the gateway gave no answer"))
            return
        }
        let location = head.first("operation-location")
        let operation = location?.split(separator: "/").last.map(String.init)
        answer.succeed(AdminAnswer(status: head.status, tag: head.first("etag"), body: body, operation: operation))
    }

    func curlFailed(_ failure: CurlFailure) { answer.fail(failure) }

    func curlWritable() {}
}
