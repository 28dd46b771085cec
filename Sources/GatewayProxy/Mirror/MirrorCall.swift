import Curl
import GatewayCore
import NIOCore
import NIOHTTP1

/// One copy of a request on its way to a mirror: its answer is read for the receipt and thrown away.
///
/// Nobody waits for it. What it cannot take at once it loses, and says so in its target's meter.
final class MirrorCall: CurlTransferDelegate {
    /// The target's.
    private let plan: Plan
    private let target: MirrorTarget
    private let owner: MirrorCalls
    private let started = NIODeadline.now()
    private var receipt: Receipt
    private let capture: MirrorCapture?
    private let trace: MirrorTrace?
    /// `nil` before it begins and when it is over.
    private var transfer: CurlTransfer?
    private var relay: ResponseRelay?
    /// Sent since the transfer was last writable.
    private var backlog = 0
    private var heldBytes = 0
    private var hasBegun = false
    private lazy var timer = LazyTimer(on: owner.loop) { [weak self] in
        guard let self else { return }
        self.finish(.failed, "RequestTimeout")
    }

    init(
        _ plan: Plan,
        _ target: MirrorTarget,
        receipt: Receipt,
        capture: MirrorCapture?,
        trace: MirrorTrace?,
        owner: MirrorCalls
    ) {
        self.plan = plan
        self.target = target
        self.receipt = receipt
        self.capture = capture
        self.trace = trace
        self.owner = owner
    }

    func begin(_ head: HTTPRequestHead, body: BodyLength) {
        let request = CurlRequest(head, body: body, to: plan)
        transfer = owner.curl.start(request, on: owner.loop, delegate: self)
        timer.set(.now() + TimeAmount(plan.deployment.timeout))
    }

    /// Adds to the body; the bytes are kept as they are, not copied.
    func send(_ bytes: ByteBuffer) {
        guard let transfer, bytes.readableBytes > 0 else { return }
        guard owner.budget.take(bytes.readableBytes) else { return drop() }
        heldBytes += bytes.readableBytes
        receipt.requestBytes += Int64(bytes.readableBytes)
        capture?.tap.requestBody(bytes)
        // What had come before it began is taken whole: nobody was there yet to be slow.
        if hasBegun, !transfer.isWritable {
            backlog += bytes.readableBytes
            guard backlog <= Limits.mirrorBacklog else { return drop() }
        }
        transfer.write(bytes)
        timer.set(.now() + TimeAmount(plan.deployment.timeout))
    }

    /// Whether nothing more comes of it.
    var isOver: Bool { transfer == nil }

    /// What the caller sends from now on is its mirror's to keep up with.
    func caughtUp() { hasBegun = true }

    func end() {
        transfer?.end()
    }

    /// The request will never be whole, or nobody is there for it any more.
    func abandon(_ reason: String) {
        finish(.cancelled, reason)
    }

    private func drop() {
        target.meter.drop()
        finish(.cancelled, "MirrorDropped")
    }

    // MARK: - What libcurl tells

    func curlHead(_ head: CurlHead) {
        receipt.upstreamStatus = min(999, max(0, head.status))
        capture?.tap.responseHead(HTTPHeaders(head.headers))
        let contentType = head.first("content-type")
        receipt.isStreamed = ExchangeHandler.isEventStream(contentType)
        relay = ResponseRelay(
            plan: plan,
            contentType: contentType,
            isEncoded: head.first("content-encoding") != nil,
            isTraced: trace?.isSampled == true && head.status < 400
        )
        if receipt.isStreamed { timer.set(.now() + Limits.idleStream) }
    }

    func curlBody(_ bytes: ByteBuffer) {
        if receipt.firstByteMicroseconds == nil { receipt.firstByteMicroseconds = elapsed }
        receipt.responseBytes += Int64(bytes.readableBytes)
        capture?.tap.responseBody(bytes, at: elapsed)
        guard receipt.responseBytes <= Limits.mirrorAnswer else { return drop() }
        if receipt.isStreamed { timer.set(.now() + Limits.idleStream) }
        _ = relay?.body(bytes)
    }

    func curlEnd(trailers: [(String, String)]) {
        _ = relay?.end()
        finish(.completed, isOver: true)
    }

    func curlFailed(_ failure: CurlFailure) {
        finish(.failed, "UpstreamFailed", isOver: true)
    }

    func curlWritable() {
        backlog = 0
    }

    // MARK: - The end

    /// Books the call, once: with a receipt and without any usage.
    ///
    /// - Parameter isOver: libcurl has let go of it already.
    private func finish(_ outcome: Receipt.Outcome, _ reason: String = "", isOver: Bool = false) {
        guard let transfer else { return }
        self.transfer = nil
        if !isOver { transfer.cancel() }
        timer.cancel()
        receipt.outcome = outcome
        receipt.refusal = reason
        receipt.promptTokens = relay?.usage.prompt
        receipt.completionTokens = relay?.usage.completion
        receipt.durationMicroseconds = elapsed
        plan.leave(at: .uptime)
        trace?.finish(receipt, relay?.facts)
        // One that there was no room for has no half of a pair.
        if hasBegun { capture?.end(receipt) }
        owner.receipts.append(receipt)
        owner.budget.giveBack(heldBytes)
        target.meter.end(isWhole: outcome == .completed)
        owner.ended(self)
    }

    private var elapsed: Int64 { (NIODeadline.now() - started).nanoseconds / 1000 }
}
