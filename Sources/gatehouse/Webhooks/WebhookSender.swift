import Curl
import GatewayCore
import GatewayStore
import Logging
import NIOCore
import NIOPosix

/// Posts bodies to webhooks through libcurl under SECURITY S-1.
struct WebhookSender: Sendable {
    private let addresses: WebhookAddress
    private let curl: CurlClient
    /// For `http`: dials private addresses only.
    private let clear: CurlClient
    private let authority: CurlRequest.CertificateAuthority
    private let timeout: Duration

    /// - Parameter networks: the private ones that may be used, `upstreams.allow`.
    init(
        networks: NetworkList,
        authority: CurlRequest.CertificateAuthority = .system,
        timeout: Duration = .seconds(10),
        logger: Logger
    ) {
        let addresses = WebhookAddress(allowed: networks)
        self.addresses = addresses
        self.authority = authority
        self.timeout = timeout
        curl = CurlClient(logger: logger, addressAllowed: addresses.mayDial)
        clear = CurlClient(logger: logger, addressAllowed: addresses.mayDialInClear)
    }

    /// Returns within the timeout; `nil` when it was cancelled and nothing is known.
    ///
    /// - Parameter reach: which addresses the URL's name may stand for.
    func post(
        _ body: String,
        to url: String,
        _ headers: [(String, String)],
        reach: Reach
    ) async -> WebhookAnswer? {
        if let refusal = addresses.refusal(of: url) {
            return WebhookAnswer(status: nil, error: refusal, milliseconds: 0)
        }
        let bytes = ByteBuffer(string: body)
        var request = CurlRequest(
            method: "POST",
            url: url,
            headers: headers,
            hasBody: true,
            contentLength: bytes.readableBytes,
            authority: authority
        )
        request.timeout = timeout
        request.isAddressAllowed = { reach.admits($0) }
        let start = ContinuousClock.now
        let outcome = await transfer(request, bytes)
        return answer(outcome, milliseconds: (.now - start).milliseconds)
    }

    func shutdown() async {
        await curl.shutdown()
        await clear.shutdown()
    }

    private func transfer(_ request: CurlRequest, _ body: ByteBuffer) async -> WebhookTransfer.Outcome? {
        let client = WebhookAddress.isClear(request.url) ? clear : curl
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let answer = loop.makePromise(of: WebhookTransfer.Outcome?.self)
        let transfer = NIOLoopBoundBox<WebhookTransfer?>.makeEmptyBox(
            valueType: WebhookTransfer.self,
            eventLoop: loop
        )
        // Apart from the start: a task that is cancelled already cancels in between, on the loop as everything here.
        loop.execute { transfer.value = WebhookTransfer(answer: answer) }
        return await withTaskCancellationHandler {
            loop.execute { transfer.value?.send(request, body, through: client, on: loop) }
            return try? await answer.futureResult.get()
        } onCancel: {
            loop.execute { transfer.value?.cancel() }
        }
    }

    private func answer(_ outcome: WebhookTransfer.Outcome?, milliseconds: Int64)
        -> WebhookAnswer?
    {
        switch outcome {
        case .success(let status):
            return WebhookAnswer(
                status: status,
                error: Self.problem(with: status),
                milliseconds: milliseconds
            )
        case .failure where Task.isCancelled: return nil
        case .failure(let failure):
            let reason = failure.phase == .connect ? "cannot connect: \(failure.reason)" : failure.reason
            return WebhookAnswer(
                status: nil,
                error: String(reason.prefix(300)),
                milliseconds: milliseconds
            )
        case nil: return nil
        }
    }

    private static func problem(with status: Int) -> String? {
        switch status {
        case 200..<300: nil
        case 300..<400: "answered \(status); redirects are not followed"
        case 410: "answered 410: nobody listens there any more"
        default: "answered \(status)"
        }
    }
}
