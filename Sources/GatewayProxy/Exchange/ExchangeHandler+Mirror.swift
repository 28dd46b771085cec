import GatewayCore
import NIOCore

/// A request's copies before they begin: whose plan they follow, and what they will be sent.
struct AwaitedMirrors {
    let plan: Plan
    /// What of the body had come when the live upstream got the request.
    let held: ByteBuffer?
    /// What came behind it.
    var more: [ByteBuffer] = []
}

/// Copies of a request for mirrors: fed with the same bytes as the live upstream, behind it, and never waited for.
extension ExchangeHandler {
    /// The live upstream has the request; its copies begin once that is flushed.
    ///
    /// A request that is sent again is not mirrored again.
    func awaitMirrors(_ plan: Plan) {
        guard !plan.mirrors.isEmpty, let request = current, !request.isMirrored else { return }
        request.isMirrored = true
        request.awaitedMirrors = AwaitedMirrors(plan: plan, held: request.kept)
        mustBeginMirrors = true
    }

    func beginMirrors() {
        mustBeginMirrors = false
        guard let request = current, let awaited = request.awaitedMirrors else { return }
        request.awaitedMirrors = nil
        for target in awaited.plan.mirrors {
            let rule = request.pairRule(awaited.plan, with: target)
            guard let call = resources.mirrors.begin(target, of: request, awaited, from: client, capturedBy: rule)
            else { continue }
            request.mirrors.append(call)
            request.pairRule = request.pairRule ?? rule
        }
        if exchange.isRequestComplete { endMirrors() }
    }

    func mirror(_ bytes: ByteBuffer) {
        guard let request = current, request.isMirrored else { return }
        request.awaitedMirrors?.more.append(bytes)
        for call in request.mirrors { call.send(bytes) }
    }

    func endMirrors() {
        guard let request = current, request.isMirrored else { return }
        for call in request.mirrors { call.end() }
    }
}
