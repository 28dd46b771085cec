import NIOCore

/// What has reached the event loop and was not yet taken by the delegate; lives on that loop only.
final class LoopInbox {
    private var delegate: (any CurlTransferDelegate)?
    private var pending = CircularBuffer<TransferEvent>()
    private var isPaused = false
    private var isDraining = false

    init(delegate: any CurlTransferDelegate) {
        self.delegate = delegate
    }

    /// Returns how many body bytes the delegate took.
    func add(_ events: [TransferEvent]) -> Int {
        guard delegate != nil else { return 0 }
        pending.append(contentsOf: events)
        return drain()
    }

    func pause() {
        isPaused = true
    }

    /// Returns how many body bytes the delegate took.
    func resume() -> Int {
        isPaused = false
        return drain()
    }

    /// Lets the delegate go; it hears nothing more.
    func close() {
        delegate = nil
        pending.removeAll()
    }

    /// A delegate may pause, resume or cancel from inside a call, so each step looks again.
    private func drain() -> Int {
        guard !isDraining else { return 0 }
        isDraining = true
        defer { isDraining = false }
        var taken = 0
        while !isPaused, let delegate, let event = pending.popFirst() {
            switch event {
            case .head(let head): delegate.curlHead(head)
            case .body(let bytes):
                taken += bytes.readableBytes
                delegate.curlBody(bytes)
            case .writable: delegate.curlWritable()
            case .end(let trailers):
                close()
                delegate.curlEnd(trailers: trailers)
            case .failed(let failure):
                close()
                delegate.curlFailed(failure)
            }
        }
        return taken
    }
}
