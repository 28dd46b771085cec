import Curl
import Logging
import NIOCore
import NIOPosix

/// What a transfer came to.
struct Outcome: Sendable {
    var head: CurlHead?
    var body = ByteBuffer()
    var trailers: [(String, String)] = []
    var failure: CurlFailure?

    var text: String { String(buffer: body) }
}

/// Sends a body through a transfer as fast as its buffer takes it, and writes down what comes back.
final class Recorder: CurlTransferDelegate {
    private let eventLoop: any EventLoop
    private let finished: EventLoopPromise<Outcome>
    private var outcome = Outcome()
    private var unsent: [ByteBuffer]
    private let restsAfterEachChunk: Bool
    private let onBody: (CurlTransfer) -> Void
    private var transfer: CurlTransfer?

    init(
        _ eventLoop: any EventLoop,
        _ finished: EventLoopPromise<Outcome>,
        upload: [ByteBuffer],
        restsAfterEachChunk: Bool,
        onBody: @escaping (CurlTransfer) -> Void
    ) {
        self.eventLoop = eventLoop
        self.finished = finished
        self.restsAfterEachChunk = restsAfterEachChunk
        self.onBody = onBody
        unsent = upload.reversed()
    }

    deinit {
        // A cancelled transfer lets its delegate go without a word.
        finished.fail(CancellationError())
    }

    func started(_ transfer: CurlTransfer) {
        self.transfer = transfer
        curlWritable()
    }

    func curlWritable() {
        guard let transfer else { return }
        while transfer.isWritable, let next = unsent.popLast() { transfer.write(next) }
        if unsent.isEmpty { transfer.end() }
    }

    func curlHead(_ head: CurlHead) {
        outcome.head = head
    }

    func curlBody(_ bytes: ByteBuffer) {
        outcome.body.writeImmutableBuffer(bytes)
        guard let transfer else { return }
        onBody(transfer)
        guard restsAfterEachChunk else { return }
        transfer.pause()
        eventLoop.scheduleTask(in: .milliseconds(1)) { transfer.resume() }
    }

    func curlEnd(trailers: [(String, String)]) {
        outcome.trailers = trailers
        finished.succeed(outcome)
    }

    func curlFailed(_ failure: CurlFailure) {
        outcome.failure = failure
        finished.succeed(outcome)
    }
}

extension CurlClient {
    static let test = CurlClient(logger: Logger(label: "test"))

    /// Runs one exchange on an event loop of the shared group.
    func exchange(
        _ request: CurlRequest,
        upload: [ByteBuffer] = [],
        restsAfterEachChunk: Bool = false,
        onBody: @escaping @Sendable (CurlTransfer) -> Void = { _ in }
    ) async throws -> Outcome {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        return try await eventLoop.flatSubmit {
            let finished = eventLoop.makePromise(of: Outcome.self)
            let recorder = Recorder(
                eventLoop,
                finished,
                upload: upload,
                restsAfterEachChunk: restsAfterEachChunk,
                onBody: onBody
            )
            recorder.started(self.start(request, on: eventLoop, delegate: recorder))
            return finished.futureResult
        }.get()
    }
}
