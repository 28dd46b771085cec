/// Which pages of other origins may call, compiled from a `CORSRule` (Fetch standard, "CORS protocol").
///
/// Origins are compared whole, byte by byte (SECURITY C-1).
package final class CORSPolicy: Sendable, Equatable {
    package let rule: CORSRule
    private let origins: Set<String>
    private let allowsAnyOrigin: Bool
    private let exposed: String

    package init(_ rule: CORSRule) {
        self.rule = rule
        origins = Set(rule.allowedOrigins)
        // Never together with credentials, whatever the rule says.
        allowsAnyOrigin = origins.contains("*") && !rule.allowsCredentials
        exposed = (Self.alwaysExposed + rule.exposedHeaders).joined(separator: ", ")
    }

    package static func == (left: CORSPolicy, right: CORSPolicy) -> Bool { left.rule == right.rule }

    func allows(_ origin: String) -> Bool {
        // Sandboxed frames and files call themselves `null`: that is nobody's name.
        origin != "null" && (allowsAnyOrigin || origins.contains(origin))
    }

    /// Whether the rule lists this very origin: another tenant's star speaks for nobody else.
    func names(_ origin: String) -> Bool { origin != "*" && origin != "null" && origins.contains(origin) }

    /// The headers of an answer to this origin's page; without the origin's permission only `Vary`.
    package func headers(for origin: String?) -> [CORSHeader] {
        guard let origin, allows(origin) else { return Self.onlyVary }
        var headers = [
            Self.vary, allowOrigin(origin), CORSHeader(name: "access-control-expose-headers", value: exposed),
        ]
        if rule.allowsCredentials { headers.append(Self.credentials) }
        return headers
    }

    /// The headers of the answer to a preflight.
    package func preflight(_ request: CORSPreflight) -> [CORSHeader] {
        guard allows(request.origin), rule.allowedMethods.contains(request.method) else { return Self.noPreflight }
        var headers = Self.noPreflight + [allowOrigin(request.origin)]
        headers.append(
            CORSHeader(name: "access-control-allow-methods", value: rule.allowedMethods.joined(separator: ", "))
        )
        headers.append(CORSHeader(name: "access-control-allow-headers", value: allowedHeaders(request)))
        headers.append(CORSHeader(name: "access-control-max-age", value: String(rule.maxAge)))
        if rule.allowsCredentials { headers.append(Self.credentials) }
        return headers
    }

    private func allowOrigin(_ origin: String) -> CORSHeader {
        CORSHeader(name: "access-control-allow-origin", value: allowsAnyOrigin ? "*" : origin)
    }

    /// `*` in the rule answers with what was asked: browsers never count Authorization among the star's headers.
    private func allowedHeaders(_ request: CORSPreflight) -> String {
        guard rule.allowedHeaders.contains("*") else {
            return (Self.alwaysAllowed + rule.allowedHeaders).joined(separator: ", ")
        }
        return (Self.alwaysAllowed + request.headers).joined(separator: ", ")
    }

    private static let vary = CORSHeader(name: "vary", value: "Origin")
    /// What every answer says, with or without a policy (SECURITY C-1): else it would tell whose endpoints have one.
    package static let onlyVary = [vary]
    /// The answer to a preflight that nobody allows.
    static let noPreflight = [
        CORSHeader(name: "vary", value: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
    ]
    private static let credentials = CORSHeader(name: "access-control-allow-credentials", value: "true")
    private static let alwaysAllowed = [
        "Authorization", "Content-Type", "api-key", "x-api-key", "Ocp-Apim-Subscription-Key", "x-request-id",
        "azureml-model-deployment", "x-gatehouse-tenant",
    ]
    private static let alwaysExposed = [
        "Retry-After", "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests",
        "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens", "RateLimit",
        "RateLimit-Policy", "x-request-id", "x-gatehouse-model", "azureml-model-deployment",
        "ms-azureml-model-error-statuscode", "ms-azureml-model-error-reason",
    ]
}

/// What a browser asks before a page's request: the request's method and the names of its headers.
package struct CORSPreflight: Sendable, Equatable {
    package var origin: String
    package var method: String
    /// Tokens, as they were sent; others were left out.
    package var headers: [String]

    package init(origin: String, method: String, headers: [String]) {
        self.origin = origin
        self.method = method
        self.headers = headers
    }
}

/// One header of an answer that CORS speaks of.
package struct CORSHeader: Sendable, Equatable {
    package let name: String
    package let value: String
}
