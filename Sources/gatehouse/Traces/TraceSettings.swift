import Foundation

/// Where traces go and which; without an endpoint there are none.
struct TraceSettings: Sendable, Equatable {
    struct Header: Sendable, Equatable {
        var name: String
        /// With references such as `${env:NAME}`, unless it is literal.
        var value: String
        var isLiteral = false
    }

    /// What batches are posted to, `/v1/traces` included.
    var endpoint: String?
    /// By name, in order.
    var headers: [Header] = []
    /// From 0 to 1; `nil` = 1.
    var sampleRate: Double?
    /// A file of certificates to trust instead of the system's.
    var authority: String?
    /// `service.name`; `nil` = `gatehouse`.
    var service: String?
    /// Further attributes of the resource.
    var attributes: [String: String] = [:]
    /// Of one batch; `nil` = 10 seconds.
    var timeout: Duration?

    /// The endpoint that a base URL stands for; `nil` when it is none.
    static func endpoint(base text: String) -> String? {
        guard var url = plain(text) else { return nil }
        while url.hasSuffix("/") { url.removeLast() }
        return url.hasSuffix("/v1/traces") ? url : url + "/v1/traces"
    }

    /// An http or https URL with a host, and without user, query and fragment, in which a secret would be shown.
    static func plain(_ text: String) -> String? {
        guard let parts = URLComponents(string: text), ["http", "https"].contains(parts.scheme),
            parts.host?.isEmpty == false, parts.user == nil, parts.password == nil, parts.query == nil,
            parts.fragment == nil
        else { return nil }
        return text
    }

    static func sampleRate(_ text: String) -> Double? {
        Double(text).flatMap { (0...1).contains($0) ? $0 : nil }
    }

    /// Why a header cannot be sent; `nil` when it can.
    static func problem(ofHeader name: String, _ value: String) -> String? {
        let isName = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || byte == 0x2d || byte == 0x5f
        }
        guard isName, !name.isEmpty else { return "is not a header name; use letters, digits, - and _" }
        let isLine = value.utf8.allSatisfy { ($0 >= 0x20 || $0 == 0x09) && $0 != 0x7f }
        return isLine ? nil : "has a control character in its value"
    }

    /// Whether a header of this name is a credential, as far as its name says.
    static func isCredential(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["auth", "key", "token", "secret", "cookie", "password"].contains { name.contains($0) }
    }
}

extension Configuration {
    static let traceEndpointHint = "write http://127.0.0.1:4318, a collector's address for OTLP over HTTP"

    /// The section `traces:`, but for its settings with one value.
    mutating func readTraceHeaders(_ traces: YAMLMapping?) {
        guard let traces else { return }
        for (name, value) in traces.stringMap("headers").sorted(by: { $0.key < $1.key }) {
            if let problem = TraceSettings.problem(ofHeader: name, value) {
                traces.refuse("headers", "\(name.debugDescription) \(problem)")
            } else if TraceSettings.isCredential(name), !value.contains("${") {
                traces.refuse(
                    "headers",
                    "\(name) looks like a credential, which does not belong in this file",
                    hint: "write ${env:NAME} or ${file:PATH}, and list it in secrets"
                )
            }
            self.traces.headers.append(TraceSettings.Header(name: name, value: value))
        }
    }

    mutating func setTraces(_ setting: Setting, to text: String) -> Complaint? {
        switch setting {
        case .traceEndpoint:
            guard let endpoint = TraceSettings.endpoint(base: text) else {
                return Complaint(
                    message: "\(text.debugDescription) is no http or https URL without user and query",
                    hint: Self.traceEndpointHint
                )
            }
            traces.endpoint = endpoint
        case .traceSample:
            guard let rate = TraceSettings.sampleRate(text) else {
                return Complaint(message: "\(text.debugDescription) is out of range", hint: "it must be 0 to 1")
            }
            traces.sampleRate = rate
        case .traceAuthority:
            guard FileManager.default.isReadableFile(atPath: text) else {
                return Complaint(
                    message: "\(text.debugDescription) cannot be read",
                    hint: "name a PEM file of the certificates to trust"
                )
            }
            traces.authority = text
        default:
            guard !text.isEmpty else { return Complaint(message: "must not be empty", hint: nil) }
            traces.service = text
        }
        return nil
    }
}
