import Curl
import NIOCore
import NIOPosix

/// One GET whose head is looked at before any of its body is taken, and whose body then goes into a file.
///
/// Its event loop is there for downloads alone: writing to the disk holds up nobody else, and libcurl while it lasts.
struct FileTransfer: Sendable {
    private let curl: CurlClient
    private let loop: any EventLoop
    private let receiver: NIOLoopBoundBox<FileReceiver?>
    private let head: EventLoopPromise<CurlHead>
    private let end: EventLoopPromise<Void>

    init(_ curl: CurlClient, on loop: any EventLoop) {
        self.curl = curl
        self.loop = loop
        receiver = .makeEmptyBox(valueType: FileReceiver.self, eventLoop: loop)
        head = loop.makePromise()
        end = loop.makePromise()
        let (box, head, end) = (receiver, head, end)
        loop.execute { box.value = FileReceiver(head: head, end: end) }
    }

    /// Sends the request; the body waits until `receive` or `cancel`, one of which must follow.
    func open(_ request: CurlRequest) async throws -> CurlHead {
        let (curl, loop, receiver) = (curl, loop, receiver)
        return try await withTaskCancellationHandler {
            loop.execute { receiver.value?.start(request, through: curl, on: loop) }
            return try await head.futureResult.get()
        } onCancel: {
            cancel()
        }
    }

    /// Returns when all of the body is in the file.
    func receive(into file: DownloadFile) async throws {
        let (loop, receiver) = (loop, receiver)
        try await withTaskCancellationHandler {
            loop.execute { receiver.value?.receive(into: file) }
            try await end.futureResult.get()
        } onCancel: {
            cancel()
        }
    }

    func cancel(_ error: any Error = CancellationError()) {
        let receiver = receiver
        loop.execute { receiver.value?.cancel(error) }
    }
}

/// Takes what comes of one transfer; lives on its event loop.
private final class FileReceiver: CurlTransferDelegate {
    private let head: EventLoopPromise<CurlHead>
    private let end: EventLoopPromise<Void>
    private var transfer: CurlTransfer?
    private var file: DownloadFile?
    private var isOver = false

    init(head: EventLoopPromise<CurlHead>, end: EventLoopPromise<Void>) {
        self.head = head
        self.end = end
    }

    func start(_ request: CurlRequest, through curl: CurlClient, on loop: any EventLoop) {
        guard !isOver else { return }
        transfer = curl.start(request, on: loop, delegate: self)
    }

    func receive(into file: DownloadFile) {
        self.file = file
        transfer?.resume()
    }

    func cancel(_ error: any Error) {
        transfer?.cancel()
        finish(.failure(error))
    }

    func curlHead(_ head: CurlHead) {
        transfer?.pause()
        self.head.succeed(head)
    }

    func curlBody(_ bytes: ByteBuffer) {
        do {
            try file?.write(bytes)
        } catch {
            transfer?.cancel()
            finish(.failure(error))
        }
    }

    func curlEnd(trailers: [(String, String)]) { finish(.success(())) }

    func curlFailed(_ failure: CurlFailure) { finish(.failure(failure)) }

    func curlWritable() {}

    private func finish(_ outcome: Result<Void, any Error>) {
        guard !isOver else { return }
        isOver = true
        transfer = nil
        if case .failure(let error) = outcome { head.fail(error) }
        end.completeWith(outcome)
    }
}
