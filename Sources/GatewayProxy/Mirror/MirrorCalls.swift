import Curl
import GatewayCore
import NIOCore
import NIOHTTP1

/// The mirrored calls that one event loop has begun: starts them within bounds, and ends them when the loop stops.
///
/// They go over a libcurl of their own, whatever the target's scheme: a mirror that hangs or floods shares no connection and
/// no thread with live calls.
final class MirrorCalls {
    let loop: any EventLoop
    let curl: CurlClient
    let receipts: ReceiptQueue
    let captures: CaptureQueue
    let budget: MirrorBudget
    private var running: [ObjectIdentifier: MirrorCall] = [:]

    init(loop: any EventLoop, curl: CurlClient, receipts: ReceiptQueue, captures: CaptureQueue, budget: MirrorBudget) {
        self.loop = loop
        self.curl = curl
        self.receipts = receipts
        self.captures = captures
        self.budget = budget
    }

    /// Begins a copy of a request, with all of its body that has come.
    ///
    /// - Parameters:
    ///   - awaited: the plan that the caller is served by, and the body.
    ///   - rule: what of it is kept; `nil` = nothing.
    /// - Returns: `nil` when the copy is dropped.
    func begin(
        _ target: MirrorTarget,
        of request: CurrentRequest,
        _ awaited: AwaitedMirrors,
        from client: ClientFacts,
        capturedBy rule: CaptureRule?
    ) -> MirrorCall? {
        let live = awaited.plan
        guard let plan = live.mirrored(to: target) else {
            target.meter.drop()
            return nil
        }
        // A mirror that is full costs nothing more.
        guard target.meter.begin(atMost: Limits.mirrorCalls) else { return nil }
        let (pieces, length) = awaited.body(for: plan, announced: request.checked.body)
        let capture = rule.map { rule in
            MirrorCapture(rule, of: request.checked) { [captures] in captures.append($0) }
        }
        let copy = MirrorCopy(plan: plan, request: request, pieces: pieces, length: length, client: client)
        return start(copy, to: target, marked: ("x-gatehouse-mirror-of", live.deployment.name), capture)
    }

    /// Sends a copy to a target, whose meter has counted it.
    ///
    /// - Parameter mark: a header that says to the upstream what it is, with the deployment that answered the caller.
    func start(
        _ copy: MirrorCopy,
        to target: MirrorTarget,
        marked mark: (name: String, origin: String),
        _ capture: MirrorCapture?
    ) -> MirrorCall? {
        let (plan, length) = (copy.plan, copy.length)
        let trace = copy.request.trace?.mirror()
        var head = UpstreamHead.make(copy.request, plan: plan, body: length, from: copy.client, trace: trace?.upstream)
        head.headers.add(name: mark.name, value: mark.origin)
        guard WriteRules.isSafeToWrite(method: head.method, target: head.uri, headers: head.headers) else {
            target.meter.end(isWhole: false)
            return nil
        }
        let receipt = copy.request.mirrorReceipt(plan, of: mark.origin)
        let call = MirrorCall(plan, target, receipt: receipt, capture: capture, trace: trace, owner: self)
        running[ObjectIdentifier(call)] = call
        budget.callBegan()
        call.begin(head, body: length)
        for piece in copy.pieces { call.send(piece) }
        guard !call.isOver else { return nil }
        call.caughtUp()
        return call
    }

    func ended(_ call: MirrorCall) {
        running[ObjectIdentifier(call)] = nil
        budget.callEnded()
    }

    func closeAll() {
        for call in running.values { call.abandon("Stopped") }
    }
}

/// A request and the plan that its copy follows.
struct MirrorCopy {
    let plan: Plan
    let request: CurrentRequest
    /// What has come of the body, as the plan's upstream gets it.
    let pieces: [ByteBuffer]
    let length: BodyLength
    let client: ClientFacts
}

extension AwaitedMirrors {
    /// All of the body that has come, without a copy of it, and the length that the plan's upstream is told.
    fileprivate func body(for plan: Plan, announced: BodyLength) -> (pieces: [ByteBuffer], length: BodyLength) {
        guard let held else { return (more, announced) }
        let pieces = plan.fields?.pieces(of: held, for: plan) ?? [held]
        guard case .length(let count) = announced else { return (pieces + more, announced) }
        let growth = pieces.reduce(0) { $0 + $1.readableBytes } - held.readableBytes
        return (pieces + more, .length(count + growth))
    }
}

extension CurrentRequest {
    /// The receipt of a copy: same request, same caller, its own answer.
    fileprivate func mirrorReceipt(_ plan: Plan, of origin: String) -> Receipt {
        var copy = Receipt(requestID: receipt.requestID, startedAt: WallClock.now())
        copy.tenant = receipt.tenant
        copy.endpoint = receipt.endpoint
        copy.deployment = plan.deployment.name
        copy.instance = plan.instance.url
        copy.caller = receipt.caller
        copy.httpVersion = receipt.httpVersion
        copy.method = receipt.method
        copy.path = receipt.path
        copy.clientAddress = receipt.clientAddress
        copy.model = receipt.model
        copy.mirrorOf = origin
        copy.isSent = true
        copy.attempts = 1
        return copy
    }
}
