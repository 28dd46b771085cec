import NIOCore
import Synchronization

/// What the two sides of one transfer share: its request, both directions' back-pressure and where its events go.
final class TransferLink: Sendable {
    /// Who hears of the transfer.
    enum Destination: Sendable {
        case eventLoop(any EventLoop, NIOLoopBound<LoopInbox>)
        case collector(Collector)
    }

    /// How much of either direction may lie between the two threads.
    static let windowSize = 256 * 1024

    let id: UInt64
    let request: CurlRequest
    let destination: Destination
    private let mailbox: Mailbox
    private let arrivals = Mutex(FlowWindow(limit: windowSize))
    private let upload: Mutex<UploadBuffer>

    init(id: UInt64, request: CurlRequest, destination: Destination, mailbox: Mailbox) {
        self.id = id
        self.request = request
        self.destination = destination
        self.mailbox = mailbox
        var upload = UploadBuffer(capacity: Self.windowSize, announced: request.contentLength)
        if !request.hasBody { _ = upload.end() }
        self.upload = Mutex(upload)
    }
}

/// The caller's side.
extension TransferLink {
    var isWritable: Bool { upload.withLock { $0.isWritable } }

    func write(_ bytes: ByteBuffer) {
        if upload.withLock({ $0.write(bytes) }) { mailbox.post(.resumeSending(id)) }
    }

    func end(trailers: [(String, String)]) {
        if upload.withLock({ $0.end(trailers: trailers) }) { mailbox.post(.resumeSending(id)) }
    }

    func cancel() {
        onLoop { $0.close() }
        mailbox.post(.cancel(id))
    }

    func pause() {
        onLoop { $0.pause() }
    }

    func resume() {
        onLoop { [self] in taken($0.resume()) }
    }

    /// Call on the event loop.
    func deliver(_ events: [TransferEvent]) {
        onLoop { [self] in taken($0.add(events)) }
    }

    /// Tells the caller that the curl thread is gone.
    func refuse() {
        let failure = CurlFailure(
            phase: .cancelled,
            hasSentRequest: false,
            isConnectionReused: false,
            reason: "the gateway stops"
        )
        switch destination {
        // Not from inside `start`: the caller does not hold the transfer yet.
        case .eventLoop(let eventLoop, _): eventLoop.execute { self.deliver([.failed(failure)]) }
        case .collector(let collector): _ = collector.deliver([.failed(failure)])
        }
    }

    private func taken(_ count: Int) {
        guard count > 0 else { return }
        if arrivals.withLock({ $0.take(count) }) { mailbox.post(.resumeReceiving(id)) }
    }

    private func onLoop(_ body: @escaping @Sendable (LoopInbox) -> Void) {
        guard case .eventLoop(let eventLoop, let inbox) = destination else { return }
        if eventLoop.inEventLoop {
            body(inbox.value)
        } else {
            eventLoop.execute { body(inbox.value) }
        }
    }
}

/// The curl thread's side.
extension TransferLink {
    /// Whether libcurl may hand over so many bytes; after a no, `resumeReceiving` comes.
    func admit(_ count: Int) -> Bool {
        switch destination {
        case .eventLoop: arrivals.withLock { $0.admit(count) }
        case .collector: true
        }
    }

    var trailers: [(String, String)] { upload.withLock { $0.trailers } }

    func readUpload(into target: UnsafeMutableRawBufferPointer) -> UploadBuffer.Reading {
        upload.withLock { unsafe $0.read(into: target) }
    }
}
