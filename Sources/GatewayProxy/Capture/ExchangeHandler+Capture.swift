import GatewayCore
import NIOCore
import NIOHTTP1

/// The capture of an exchange: begun when it has a plan, made when it is over.
extension ExchangeHandler {
    /// Whether it is one of the sample is drawn once, whichever deployment comes to answer.
    func beginCapture(_ plan: Plan) {
        guard let request = current, request.tap == nil, let rules = plan.endpoint.captures else { return }
        request.captureDraw = rules.isSampled ? .random(in: 0..<1) : 0
        guard !plan.mirrors.isEmpty || request.captureDraw < rules.highestRate else { return }
        let tap = CaptureTap(limit: rules.longestBody)
        if let kept = request.kept { tap.requestBody(kept) }
        request.tap = tap
    }

    /// Hands the capture on, if the rule of the deployment that answered wants it.
    func endCapture(_ request: CurrentRequest, _ receipt: Receipt) {
        guard let tap = request.tap, let plan = request.plan, let rule = plan.deployment.capture,
            request.isMirrored || request.captureDraw < rule.samplingRate,
            rule.only.admits(caller: receipt.caller, header: { request.checked.forwardable.first(name: $0) }),
            request.isMirrored || rule.only.admits(receipt)
        else { return }
        let drawn = request.isMirrored ? rule : rule.drawn(request.captureDraw)
        resources.captures.append(tap.draft(receipt, by: drawn, of: request.checked))
    }
}
