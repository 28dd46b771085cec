import Curl
import GatewayCore
import NIOCore
import NIOHTTP1

/// One exchange over libcurl: for `https:` instances.
final class CurlUpstream: CurlTransferDelegate {
    private let client: CurlClient
    private let loop: any EventLoop
    private let plan: Plan
    private let isFresh: Bool
    private var caller: ExchangeHandler?
    private var transfer: CurlTransfer?
    private var hasResponseBegun = false
    private var isRequestComplete = false
    /// Body bytes that are still to come, where the head said how many there are.
    private var missingBytes: Int?

    init(
        client: CurlClient,
        loop: any EventLoop,
        plan: Plan,
        isFresh: Bool,
        caller: ExchangeHandler
    ) {
        self.client = client
        self.loop = loop
        self.plan = plan
        self.isFresh = isFresh
        self.caller = caller
    }

    var isWritable: Bool { transfer?.isWritable ?? true }

    func sendHead(_ head: HTTPRequestHead, body: BodyLength, announcesTrailers: Bool) {
        var request = CurlRequest(head, body: body, to: plan)
        // libcurl sends trailers behind chunks only.
        if announcesTrailers { request.allowsHTTP2 = false }
        request.isFresh = isFresh
        transfer = client.start(request, on: loop, delegate: self)
    }

    func sendBody(_ bytes: ByteBuffer) {
        transfer?.write(bytes)
    }

    func sendEnd(trailers: HTTPHeaders?) {
        isRequestComplete = true
        transfer?.end(trailers: trailers.map { $0.map { ($0.name, $0.value) } } ?? [])
    }

    func setReading(_ isReading: Bool) {
        if isReading { transfer?.resume() } else { transfer?.pause() }
    }

    func cancel() {
        caller = nil
        transfer?.cancel()
        transfer = nil
    }

    func curlHead(_ head: CurlHead) {
        hasResponseBegun = true
        missingBytes = head.first("content-length").flatMap(Int.init)
        var headers = HTTPHeaders()
        headers.reserveCapacity(head.headers.count)
        for (name, value) in head.headers { headers.add(name: name, value: value) }
        let version: HTTPVersion = head.version == "1.0" ? .http1_0 : .http1_1
        caller?.upstreamHead(
            HTTPResponseHead(version: version, status: .init(statusCode: head.status), headers: headers)
        )
        caller?.upstreamReadComplete()
    }

    func curlBody(_ bytes: ByteBuffer) {
        caller?.upstreamBody(bytes)
        caller?.upstreamReadComplete()
        missingBytes = missingBytes.map { $0 - bytes.readableBytes }
        guard missingBytes == 0, !isRequestComplete else { return }
        // Answered whole before it had read the request: libcurl would wait for the rest of the upload.
        let transfer = transfer
        curlEnd(trailers: [])
        transfer?.cancel()
    }

    func curlEnd(trailers: [(String, String)]) {
        let caller = caller
        self.caller = nil
        transfer = nil
        caller?.upstreamEnd(trailers: trailers.isEmpty ? nil : HTTPHeaders(trailers))
        caller?.upstreamReadComplete()
    }

    func curlFailed(_ failure: CurlFailure) {
        let caller = caller
        self.caller = nil
        transfer = nil
        caller?.upstreamFailed(
            UpstreamFailure(
                phase: phase(of: failure),
                isReused: failure.isConnectionReused,
                hasSent: failure.hasSentRequest
            )
        )
    }

    func curlWritable() {
        caller?.upstreamWritabilityChanged()
    }

    /// The response broke a rule of ours.
    func refuse() {
        let caller = caller
        cancel()
        caller?.upstreamFailed(UpstreamFailure(phase: .malformed, isReused: false, hasSent: true))
    }

    private func phase(of failure: CurlFailure) -> UpstreamFailure.Phase {
        if hasResponseBegun { return .receive }
        if failure.isMalformed { return .malformed }
        switch failure.phase {
        case .connect, .tls: return .connect
        case .send: return .send
        case .receive, .timeout, .cancelled: return .wait
        }
    }
}
