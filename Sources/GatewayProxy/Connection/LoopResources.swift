import Curl
import GatewayCore
import NIOCore

/// What every connection of one event loop shares.
///
/// Lives on that loop; nothing here is locked.
final class LoopResources {
    let loop: any EventLoop
    let admission: Admission
    let receipts: ReceiptQueue
    let captures: CaptureQueue
    var spareBodies = SpareBodies()
    let curl: CurlClient
    let pool: UpstreamPool
    let mirrors: MirrorCalls
    let lifecycle: Lifecycle
    let tokens: TokenAuthority
    let failures: FailureMeter
    /// `nil` = the gateway tells of no traces.
    let tracer: Tracer?
    let flushes: TurnFlushes
    /// Who waits for a place at an instance, by number.
    var waiting: [Int: ExchangeHandler] = [:]
    private var lastWaiting = 0
    private var requestIDs = RequestIDSource()
    private var connections: [ObjectIdentifier: any DrainableConnection] = [:]

    init(
        admission: Admission,
        receipts: ReceiptQueue,
        captures: CaptureQueue,
        curl: CurlClient,
        pool: UpstreamPool,
        mirrors: MirrorCalls,
        lifecycle: Lifecycle,
        tokens: TokenAuthority,
        failures: FailureMeter,
        traces: TraceRule?
    ) {
        loop = pool.loop
        flushes = TurnFlushes(on: loop)
        self.admission = admission
        self.receipts = receipts
        self.captures = captures
        self.curl = curl
        self.lifecycle = lifecycle
        self.tokens = tokens
        self.failures = failures
        tracer = traces.map { Tracer($0) }
        self.pool = pool
        self.mirrors = mirrors
    }

    /// The receipt of an exchange that begins now.
    ///
    /// - Parameter requestID: the caller's own, if it gave one.
    func beginReceipt(_ requestID: String? = nil) -> Receipt {
        let now = WallClock.now()
        return Receipt(requestID: requestID ?? requestIDs.next(at: now), startedAt: now)
    }

    func nextWaiting() -> Int {
        lastWaiting += 1
        return lastWaiting
    }

    func opened(_ connection: any DrainableConnection) {
        connections[ObjectIdentifier(connection)] = connection
        lifecycle.connectionOpened()
        if lifecycle.isDraining { connection.drain() }
    }

    func closed(_ connection: any DrainableConnection) {
        if connections.removeValue(forKey: ObjectIdentifier(connection)) != nil { lifecycle.connectionClosed() }
    }

    /// Connections close behind the next answer that can say so.
    func drain() {
        for connection in connections.values { connection.drain() }
    }

    func closeAll() {
        for connection in connections.values { connection.closeNow() }
        pool.closeAll()
        mirrors.closeAll()
    }
}

/// A client connection that can be asked to end.
protocol DrainableConnection: AnyObject {
    /// No new request behind the answer that tells the client so.
    func drain()
    func closeNow()
}
