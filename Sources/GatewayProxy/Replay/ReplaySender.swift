import Curl
package import GatewayCore
package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// Sends captured requests once more, for their answers alone.
///
/// They go as copies for mirrors do: over a libcurl of their own, in places that nobody waits for, with a receipt and
/// without any usage.
package final class ReplaySender: Sendable {
    /// How long a deployment without an instance is waited for.
    private static let longestOutage = Duration.seconds(30)
    private static let pause = Duration.milliseconds(10)
    /// Headers of a captured request that are another's by now: its trace, the coding of a body that was kept decoded, and
    /// codings of the answer, which is to be looked through.
    private static let droppedHeaders: Set<String> = [
        "traceparent", "tracestate", "content-encoding", "accept-encoding", "content-length", "transfer-encoding",
        "host", "expect",
    ]

    private let snapshots: SnapshotBox
    private let receipts: ReceiptQueue
    private let curl: CurlClient
    private let budget = MirrorBudget()
    private let loop: any EventLoop

    /// - Parameter isAddressAllowed: asked with each numeric address before it is dialled.
    package init(
        snapshots: SnapshotBox,
        receipts: ReceiptQueue,
        isAddressAllowed: @escaping @Sendable (String) -> Bool,
        logger: Logger
    ) {
        self.snapshots = snapshots
        self.receipts = receipts
        curl = CurlClient(logger: logger, addressAllowed: isAddressAllowed)
        loop = MultiThreadedEventLoopGroup.singleton.any()
    }

    /// Ends what runs.
    package func shutdown() async { await curl.shutdown() }

    /// Waits for a place, and for the answer.
    package func send(_ request: ReplayedRequest) async -> ReplayOutcome {
        var outSince: ContinuousClock.Instant?
        while !Task.isCancelled {
            switch receipts.hasRoom ? snapshots.current.replay(request) : .full {
            case .plan(let plan, let rule): return await send(request, along: plan, rule)
            case .gone:
                let deployment = request.deployment
                return .ended("the tenant is suspended, or the endpoint or its deployment \(deployment) is no more")
            case .unruled:
                return .unsent(
                    "neither its deployment nor \(request.deployment) captures any more: set captures on one of them"
                )
            case .full: outSince = nil
            case .out:
                if let outSince, ContinuousClock.now - outSince >= Self.longestOutage {
                    return .ended("no instance of the deployment \(request.deployment) takes requests")
                }
                outSince = outSince ?? .now
            }
            try? await Task.sleep(for: Self.pause)
        }
        return Self.stopped
    }

    private static let stopped = ReplayOutcome.ended("it was stopped")

    private func send(_ request: ReplayedRequest, along plan: Plan, _ rule: CaptureRule) async -> ReplayOutcome {
        let answer = loop.makePromise(of: ReplayOutcome.self)
        let call = NIOLoopBoundBox<MirrorCall?>.makeEmptyBox(valueType: MirrorCall.self, eventLoop: loop)
        let isStopped = NIOLoopBoundBox<Bool>.makeBoxSendingValue(false, eventLoop: loop)
        return await withTaskCancellationHandler {
            loop.execute { [self] in
                if isStopped.value { return answer.succeed(Self.stopped) }
                call.value = begin(request, along: plan, rule, answer)
                if call.value == nil { answer.succeed(.unsent("its head is none that may be sent")) }
                answer.futureResult.whenComplete { _ in call.value = nil }
            }
            // Never fails: every way ends with a value.
            return (try? await answer.futureResult.get()) ?? Self.stopped
        } onCancel: {
            loop.execute {
                isStopped.value = true
                call.value?.abandon("Stopped")
            }
        }
    }

    /// On the event loop.
    private func begin(
        _ request: ReplayedRequest,
        along plan: Plan,
        _ rule: CaptureRule,
        _ answer: EventLoopPromise<ReplayOutcome>
    ) -> MirrorCall? {
        // Nothing of these calls is stored as a capture.
        let calls = MirrorCalls(
            loop: loop,
            curl: curl,
            receipts: receipts,
            captures: CaptureQueue(mostCaptures: 0),
            budget: budget
        )
        var whole = rule
        whole.keepsResponse = true
        whole.bodyLimit = CaptureRule.longestBody
        let checked = CheckedRequest(request, droppingHeaders: Self.droppedHeaders)
        let capture = MirrorCapture(whole, of: checked) { draft in
            let capture = draft.finish()
            answer.succeed(capture.receipt.refusal == "Stopped" ? Self.stopped : .answered(capture))
        }
        let target = MirrorTarget(plan.deployment, percent: 100)
        guard target.meter.begin(atMost: .max) else { return nil }
        let copy = MirrorCopy(request, checked, plan)
        let mark = (name: "x-gatehouse-replay-of", origin: request.receipt.deployment)
        let call = calls.start(copy, to: target, marked: mark, capture)
        call?.end()
        return call
    }
}

extension CheckedRequest {
    fileprivate init(_ request: ReplayedRequest, droppingHeaders dropped: Set<String>) {
        var headers = HTTPHeaders()
        for header in request.message.headers where !dropped.contains(header.name.lowercased()) {
            // What stands in the place of a whole value is none.
            guard header.value != "[credential]", header.value != "[header]" else { continue }
            headers.add(name: header.name, value: header.value)
        }
        let method = HTTPMethod(rawValue: request.receipt.method)
        let hasBody = !request.message.body.isEmpty
        self.init(
            method: method,
            path: request.receipt.path,
            query: request.query.isEmpty ? nil : request.query,
            host: "",
            authority: "",
            body: hasBody ? .length(request.message.body.count) : .none,
            expectsContinue: false,
            credentials: RequestCredentials(),
            pinnedDeployment: request.deployment,
            tenant: nil,
            requestID: request.receipt.requestID,
            contentType: request.message.first("content-type"),
            origin: nil,
            preflight: nil,
            isUpgrade: false,
            connectionOptions: [],
            acceptsKeepAlive: true,
            acceptsTrailers: false,
            announcesTrailers: false,
            forwardable: headers
        )
    }
}

extension MirrorCopy {
    fileprivate init(_ replayed: ReplayedRequest, _ checked: CheckedRequest, _ plan: Plan) {
        var receipt = Receipt(requestID: replayed.receipt.requestID, startedAt: WallClock.now())
        receipt.tenant = replayed.receipt.tenant
        receipt.endpoint = replayed.receipt.endpoint
        receipt.caller = plan.caller.label
        receipt.method = replayed.receipt.method
        receipt.path = replayed.receipt.path
        receipt.model = replayed.receipt.model
        // The gateway itself asks.
        let client = ClientFacts(address: "127.0.0.1")
        let request = CurrentRequest(
            checked: checked,
            isHTTP10: false,
            receipt: receipt,
            started: .now(),
            client: client
        )
        let body = ByteBuffer(bytes: replayed.message.body)
        let (edited, growth) = plan.fields?.edited(body, for: plan) ?? (body, 0)
        self.init(
            plan: plan,
            request: request,
            pieces: body.readableBytes > 0 ? [edited] : [],
            length: checked.body == .none ? .none : .length(body.readableBytes + growth),
            client: client
        )
    }
}
