import GatewayCore
import NIOCore

/// Copies of a request for mirrors: begun once the live upstream has the request, fed with the same bytes, never waited for.
extension ExchangeHandler {
    /// A request that is sent again is not mirrored again.
    func beginMirrors(_ plan: Plan) {
        guard !plan.mirrors.isEmpty, let request = current, !request.isMirrored else { return }
        request.isMirrored = true
        request.mirrors = plan.mirrors.compactMap { resources.mirrors.begin($0, of: request, plan, from: client) }
        if exchange.isRequestComplete { endMirrors() }
    }

    func mirror(_ bytes: ByteBuffer) {
        guard let mirrors = current?.mirrors, !mirrors.isEmpty else { return }
        for call in mirrors { call.send(bytes) }
    }

    func endMirrors() {
        guard let mirrors = current?.mirrors, !mirrors.isEmpty else { return }
        for call in mirrors { call.end() }
    }
}
