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
    let budget: MirrorBudget
    private var running: [ObjectIdentifier: MirrorCall] = [:]

    init(loop: any EventLoop, curl: CurlClient, receipts: ReceiptQueue, budget: MirrorBudget) {
        self.loop = loop
        self.curl = curl
        self.receipts = receipts
        self.budget = budget
    }

    /// Begins a copy of a request, with all of its body that has come.
    ///
    /// - Parameter live: the plan that the caller is served by.
    /// - Returns: `nil` when the copy is dropped.
    func begin(
        _ target: MirrorTarget,
        of request: CurrentRequest,
        _ live: Plan,
        from client: ClientFacts
    ) -> MirrorCall? {
        guard let plan = live.mirrored(to: target, at: .uptime) else {
            target.meter.drop()
            return nil
        }
        let (body, length) = request.body(for: plan)
        var head = UpstreamHead.make(request, plan: plan, body: length, from: client)
        head.headers.add(name: "x-gatehouse-mirror-of", value: live.deployment.name)
        guard WriteRules.isSafeToWrite(method: head.method, target: head.uri, headers: head.headers) else {
            target.meter.drop()
            return nil
        }
        guard target.meter.begin(atMost: Limits.mirrorCalls) else { return nil }
        let call = MirrorCall(plan, target, receipt: request.mirrorReceipt(plan, of: live), owner: self)
        running[ObjectIdentifier(call)] = call
        budget.callBegan()
        call.begin(head, body: length)
        if let body { call.send(body) }
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

extension CurrentRequest {
    /// The receipt of a copy: same request, same caller, its own answer.
    fileprivate func mirrorReceipt(_ plan: Plan, of live: Plan) -> Receipt {
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
        copy.mirrorOf = live.deployment.name
        copy.isSent = true
        copy.attempts = 1
        return copy
    }
}
