import GatewayCore
import NIOCore
import NIOHTTP1

/// What becomes of a request whose deployment cannot answer now: it goes to another instance, or falls back to another
/// deployment.
extension ExchangeHandler {
    func upstreamFailed(_ failure: UpstreamFailure) {
        guard let request = current, let plan = request.plan else { return }
        call = nil
        request.trace?.callEnded(failure.phase.rawValue)
        if let fault = failure.health, !exchange.hasResponseBegun {
            plan.instance.failed(fault, begun: request.begun, at: .uptime)
        }
        let isDeath = plan.deployment.isNative && failure.isDeath && !exchange.hasResponseBegun
        if isDeath { request.deaths += 1 }
        if !exchange.hasResponseBegun, let next = again(failure, isDeath: isDeath, request, plan) {
            return goOn(next, request)
        }
        let isRepeatable =
            isDeath ? request.deaths < RetryRule.deaths : RetryRule.isIdempotent(request.head.method)
        if let reason = failure.fallback(isRepeatable: isRepeatable),
            fallsBack(plan, because: reason)
        {
            return
        }
        refuse(.upstreamFailed(deployment: plan.deployment.name, phase: failure.phase))
    }

    /// A worker that is well did not work on the request: nothing is held against it.
    func workerRefused(_ reason: WorkerRefusal, _ plan: Plan) {
        guard let request = current else { return }
        request.trace?.callEnded(reason.rawValue)
        switch reason {
        case .loading, .stopping:
            call?.cancel()
            call = nil
            let failure = UpstreamFailure(phase: .connect, isReused: false, hasSent: false)
            if let next = again(failure, isDeath: false, request, plan) { return goOn(next, request) }
            if fallsBack(plan, because: .noHealthyInstance) { return }
            refuse(.notReady(deployment: plan.deployment.name))
        case .busy:
            if fallsBack(plan, because: .queueFull) { return }
            refuse(.workerBusy(deployment: plan.deployment.name))
        case .overdue:
            let milliseconds = plan.deployment.timeout.milliseconds
            if fallsBack(plan, because: .timedOut) { return }
            refuse(.timedOut(deployment: plan.deployment.name, milliseconds: milliseconds))
        }
    }

    func goOn(_ decision: Decision, _ request: CurrentRequest) {
        switch decision {
        case .plan(let next):
            request.plan = next
            connect(next)
        case .queue(let next):
            let lost = request.plan
            request.plan = next
            request.receipt.deployment = next.deployment.name
            wait(next, after: lost)
        case .needsBody, .needsToken, .answer, .issuer, .issueToken:
            preconditionFailure("an admitted request needs nothing more")
        }
    }

    /// Where another attempt is made: within the deployment's retry budget, but for the requests of a worker that has died.
    private func again(
        _ failure: UpstreamFailure,
        isDeath: Bool,
        _ request: CurrentRequest,
        _ plan: Plan
    ) -> Decision? {
        let mayRetry = RetryRule.mayRetry(
            failure,
            method: request.head.method,
            attempts: request.attempts,
            deaths: isDeath ? request.deaths : nil,
            canReplay: request.canReplay
        )
        // Each of a worker's requests is repeated once at most: no outage multiplies them.
        guard mayRetry, isDeath || plan.deployment.budget.spend(at: .uptime) else { return nil }
        guard failure.phase == .connect || isDeath else { return .plan(plan) }
        return resources.admission.pickAgain(plan, of: request.head, except: request.tried, at: .now)
    }

    /// Notes what an answer's head says about its instance.
    ///
    /// - Returns: whether another deployment is asked in its place.
    func movesOn(after head: HTTPResponseHead, _ plan: Plan) -> Bool {
        guard let request = current else { return false }
        let status = Int(head.status.code)
        let now = Int64.uptime
        plan.instance.answered(status: status, begun: request.begun, at: now)
        if status == 503 || status == 429, let text = head.headers.first(name: "retry-after"),
            let seconds = RetryAfter.seconds(text, at: WallClock.now() / 1_000_000)
        {
            plan.instance.pause(seconds: seconds, at: now)
        }
        guard status >= 400, let fallback = plan.endpoint.fallback, fallback.statuses.contains(status) else {
            return false
        }
        return fallsBack(plan, because: .status(status))
    }

    /// Nothing came in time.
    ///
    /// - Returns: whether another deployment is asked.
    func movesOnAfterTimeout(_ plan: Plan) -> Bool {
        guard let request = current, !exchange.hasResponseBegun else { return false }
        plan.instance.failed(.timedOut, begun: request.begun, at: .uptime)
        return fallsBack(plan, because: .timedOut)
    }

    /// Asks the next deployment of the endpoint's fallback chain; false when there is none, or when what came of the request
    /// is not at hand any more.
    func fallsBack(_ plan: Plan, because reason: FallbackReason) -> Bool {
        guard plan.canFallBack, let request = current, request.canReplay, !exchange.hasResponseBegun else {
            return false
        }
        var held = plan
        let decision = resources.admission.fallBack(&held, of: request.head, because: reason, at: .now)
        request.plan = held
        guard let decision else { return false }
        request.trace?.callEnded(reason.word)
        call?.cancel()
        call = nil
        request.receipt.upstreamStatus = 0
        follow(decision)
        return true
    }

    /// Goes where an admitted request is placed anew.
    func follow(_ decision: Decision) {
        switch decision {
        case .plan(let next):
            current?.plan = next
            requestTimer.set(.now() + TimeAmount(next.deployment.timeout))
            connect(next)
        case .queue(let next):
            current?.plan = next
            current?.receipt.deployment = next.deployment.name
            wait(next)
        case .needsBody, .needsToken, .answer, .issuer, .issueToken:
            preconditionFailure("an admitted request needs nothing more")
        }
    }
}

/// Why a worker did not work on a request, as it says itself in `x-gatehouse-refusal`.
enum WorkerRefusal: String {
    /// Its model is not loaded yet.
    case loading
    case stopping
    /// It has as many requests as it may.
    case busy
    /// The request's time was over before its turn came.
    case overdue

    init?(_ head: HTTPResponseHead) {
        guard head.status.code >= 400, let word = head.headers.first(name: "x-gatehouse-refusal") else { return nil }
        self.init(rawValue: word)
    }
}

extension CurrentRequest {
    /// When the attempt that runs began, in nanoseconds of the monotonic clock.
    var begun: Int64 { Int64(clamping: attemptStarted.uptimeNanoseconds) }
}

extension UpstreamFailure {
    /// Whether a worker that it comes from has died, or hung up, with the request in its hands.
    fileprivate var isDeath: Bool { hasSent && (phase == .send || phase == .wait) }

    /// What it says about the instance; `nil` where a caller can bring it about, or a kept connection was only old.
    fileprivate var health: InstanceHealth.Failure? {
        switch phase {
        case .connect: .unreachable
        case .send, .wait: isReused ? nil : .closed
        case .malformed, .receive: nil
        }
    }

    /// Why another deployment may answer in its place; `nil` when the request may have been worked on and must not be
    /// repeated.
    fileprivate func fallback(isRepeatable: Bool) -> FallbackReason? {
        switch phase {
        case .connect: .connectFailed
        case .send, .wait: isRepeatable || !hasSent ? .connectionLost : nil
        case .malformed, .receive: nil
        }
    }
}
