import Curl
import GatewayCore
import NIOCore

/// Asks one instance one probe, over libcurl: the address rules and the proxy count here as for requests (SECURITY S-1).
struct Prober: Sendable {
    /// What came of it, as a sentence for people.
    struct Answer: Sendable {
        let isSuccess: Bool
        let sentence: String
    }

    private static let longestBody = 1 << 20

    let curl: CurlClient

    func ask(_ target: ProbeTarget, _ kind: InstanceProbes.Kind) async -> Answer {
        let route = target.route(kind)
        let what = route.map { "GET \($0)" } ?? "a connect"
        do {
            let response = try await curl.fetch(Self.request(of: target, kind), limit: Self.longestBody)
            guard route != nil else { return Answer(isSuccess: true, sentence: "\(what) succeeded") }
            let status = response.head.status
            let isSuccess = (200..<400).contains(status)
            var sentence = "\(what) answered \(status)"
            if !isSuccess, target.isNative, let reason = Self.reason(in: Array(buffer: response.body).span) {
                sentence += ": \(reason)"
            }
            return Answer(isSuccess: isSuccess, sentence: sentence)
        } catch {
            return Answer(isSuccess: false, sentence: "\(what) failed: \(error.reason)")
        }
    }

    /// What a worker says is wrong with it.
    private static func reason(in body: borrowing Span<UInt8>) -> String? {
        var reason: String?
        let data = body.extracting(0..<body.count)
        _ = JSONScan.members(of: data) { member in
            guard JSONScan.matches(data, member.name, "reason"), data[member.value.lowerBound] == UInt8(ascii: "\"")
            else { return }
            reason = JSONScan.string(data, member.value.lowerBound + 1..<member.value.upperBound - 1)
        }
        return reason
    }

    static func request(of target: ProbeTarget, _ kind: InstanceProbes.Kind) -> CurlRequest {
        let route = target.route(kind)
        var request = CurlRequest(
            url: url(of: target.instance.address.transport, route),
            authority: target.certificateAuthority.map { .file($0) } ?? .system
        )
        request.timeout = target.timeout(kind)
        request.connectTimeout = target.timeout(kind)
        request.isConnectOnly = route == nil
        request.isFresh = true
        request.closesConnection = true
        request.take(wayTo: target.instance.address)
        if route != nil {
            request.headers = [("Host", target.instance.authority)] + target.headers.map { ($0.name, $0.value) }
        }
        return request
    }

    /// A probe's path counts from the root of the host, whatever path requests are sent below.
    ///
    /// A connect to an `https:` instance goes the way of its requests, through a proxy too, and as far as TLS.
    private static func url(of transport: InstanceAddress.Transport, _ route: String?) -> String {
        switch transport {
        case .http(let host, let port): "http://\(bracketed(host)):\(port)\(route ?? "/")"
        case .https(let host, let port): "https://\(bracketed(host)):\(port)\(route ?? "/")"
        case .unix: "http://localhost\(route ?? "/")"
        }
    }

    private static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
}
