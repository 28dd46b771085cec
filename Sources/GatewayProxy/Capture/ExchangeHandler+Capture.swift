import GatewayCore
import NIOCore
import NIOHTTP1

/// The capture of an exchange: begun when it has a plan, made when it is over.
extension ExchangeHandler {
    /// Whether it is one of the sample is drawn once, whichever deployment comes to answer.
    func beginCapture(_ plan: Plan) {
        guard let request = current, request.tap == nil, !request.lacksCaptureRoom, let rules = plan.endpoint.captures
        else { return }
        request.captureDraw = rules.isSampled ? .random(in: 0..<1) : 0
        guard !plan.mirrors.isEmpty || request.captureDraw < rules.highestRate else { return }
        // Half of a pair is begun all the same: whether there is room for it is known when its copy ends.
        guard !plan.mirrors.isEmpty || resources.captures.hasRoom else {
            request.lacksCaptureRoom = true
            return
        }
        let tap = CaptureTap(limit: rules.longestBody, reusing: &resources.spareBodies)
        if let kept = request.kept { tap.requestBody(kept) }
        request.tap = tap
    }

    /// Hands the capture on: half of a pair, or what the rule of the deployment that answered wants.
    func endCapture(_ request: CurrentRequest, _ receipt: Receipt) {
        guard request.tap != nil || request.lacksCaptureRoom, let plan = request.plan,
            let rule = plan.deployment.capture ?? request.pairRule
        else { return }
        if request.pairRule != nil {
            keepCapture(of: request, receipt, by: rule)
        } else if request.captureDraw < rule.samplingRate, request.isRight(for: rule), rule.only.admits(receipt) {
            keepCapture(of: request, receipt, by: rule.drawn(request.captureDraw))
        }
    }

    private func keepCapture(of request: CurrentRequest, _ receipt: Receipt, by rule: CaptureRule) {
        if let tap = request.tap {
            guard var old = resources.captures.append(tap.draft(receipt, by: rule, of: request.checked)) else { return }
            var buffers = old.takeBuffers()
            resources.spareBodies.add(&buffers.request)
            resources.spareBodies.add(&buffers.response)
        } else {
            resources.captures.drop(1)
        }
    }
}

extension CurrentRequest {
    /// By which rule its copy for a mirror is kept, and it for its copy's sake; `nil` = they are no pair.
    ///
    /// What can be known before the answer is decided here for both halves, by the rules of both deployments.
    ///
    /// - Parameter live: the plan that the caller is served by.
    func pairRule(_ live: Plan, with target: MirrorTarget) -> CaptureRule? {
        let rules = [target.deployment.capture, live.deployment.capture].compactMap(\.self)
        return rules.allSatisfy(isRight) ? rules.first : nil
    }

    /// Whether its caller and its headers are those that a rule asks for.
    fileprivate func isRight(for rule: CaptureRule) -> Bool {
        rule.only.admits(caller: receipt.caller) { checked.forwardable.first(name: $0) }
    }
}
