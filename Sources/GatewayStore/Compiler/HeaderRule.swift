import GatewayCore

/// Which headers a deployment may add to its upstream requests.
enum HeaderRule {
    private static let largestValue = 8 << 10

    /// Framing, routing and connection headers that the gateway alone writes.
    private static let forbidden: Set<String> = [
        "connection", "content-length", "expect", "forwarded", "host", "http2-settings", "keep-alive",
        "proxy-authenticate",
        "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "via",
        "x-forwarded-for",
        "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "x-request-id", "content-type", "content-encoding",
    ]

    static func problem(ofName name: String) -> String? {
        guard (1...128).contains(name.utf8.count), name.utf8.allSatisfy(isTokenByte) else {
            return "'\(TextRule.printable(name))' is not a header name; use letters, digits and -"
        }
        if forbidden.contains(name.lowercased()) { return "\(name) is set by the gateway itself; remove it" }
        return nil
    }

    /// Headers that carry a credential: they are gone when a request is routed.
    private static let credentials: Set<String> = [
        "authorization", "api-key", "x-api-key", "ocp-apim-subscription-key", "cookie", "azureml-model-deployment",
        "x-gatehouse-tenant",
    ]

    /// - Parameter name: of a header that routes requests.
    static func problem(ofRouting name: String) -> String? {
        if credentials.contains(name.lowercased()) {
            return "\(name) cannot route requests; name a header of the application's own"
        }
        return problem(ofName: name)
    }

    static func problem(ofValue value: String) -> String? {
        if value.utf8.count > largestValue { return "the value is over 8 KiB" }
        if value.utf8.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7f }) {
            return "the value holds a control character"
        }
        return value.hasPrefix(" ") || value.hasSuffix(" ") ? "the value begins or ends with a space" : nil
    }

    /// RFC 9110 §5.6.2.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        case 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e, 0x5f, 0x60, 0x7c, 0x7e: true
        default: false
        }
    }
}
