import Curl
import GatewayCore
import NIOCore
import NIOHTTP1

extension CurlRequest {
    /// The request of a plan, as libcurl is to send it to the plan's instance.
    init(_ head: HTTPRequestHead, body: BodyLength, to plan: Plan) {
        let instance = plan.instance
        var scheme = "http"
        if case .https = instance.address.transport { scheme = "https" }
        self.init(
            method: head.method.rawValue,
            url: "\(scheme)://\(instance.authority)\(head.uri)",
            headers: head.headers.map { ($0.name, $0.value) },
            authority: plan.deployment.certificateAuthority.map { .file($0) } ?? .system
        )
        switch body {
        case .none: break
        case .length(let length):
            hasBody = true
            contentLength = length
        case .chunked: hasBody = true
        }
        connectTimeout = .nanoseconds(Limits.connect.nanoseconds)
        take(wayTo: instance.address)
    }

    /// Gets to an instance as requests, copies and probes alike do.
    mutating func take(wayTo address: InstanceAddress) {
        // As over our own connections: a proxy of the environment is for `https:`.
        allowsProxy = false
        switch address.transport {
        case .http: break
        case .https: allowsProxy = true
        case .unix(let path): unixSocketPath = path
        }
        if address.reach != .everywhere { isAddressAllowed = { [reach = address.reach] in reach.admits($0) } }
    }
}
