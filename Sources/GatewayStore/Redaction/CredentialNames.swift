import Synchronization

/// Names whose values are credentials wherever they stand, in lower case.
enum CredentialNames {
    private static let headers: Set<String> = [
        "authorization", "proxy-authorization", "cookie", "set-cookie", "set-cookie2", "api-key", "x-api-key", "apikey",
        "x-goog-api-key",
        "ocp-apim-subscription-key", "x-amz-security-token", "x-auth-token", "x-access-token", "x-csrf-token",
        "authentication-info", "proxy-authentication-info", "www-authenticate",
    ]

    /// Of members of JSON bodies, and of pairs of a query or a form.
    static let fields: Set<String> = [
        "password", "passwd", "pwd", "secret", "client_secret", "clientsecret", "api_key", "apikey", "api-key",
        "x-api-key",
        "access_token", "accesstoken", "refresh_token", "refreshtoken", "id_token", "idtoken", "authorization",
        "private_key",
        "privatekey", "secret_key", "secretkey", "session_token", "bearer_token", "primarykey", "secondarykey",
        "client_assertion", "connectionstring", "connection_string", "aws_secret_access_key", "aws_session_token",
        "subscription-key", "subscription_key", "account_key", "sas_token",
    ]

    /// Of pairs of a query only: the short names that services give their keys in a URL.
    static let query: Set<String> = fields.union([
        "key", "token", "code", "sig", "signature", "x-amz-signature", "x-amz-security-token", "x-goog-signature",
        "auth", "auth_token", "private_token",
    ])

    private static let mostKnown = 1024
    private static let longestKnown = 64
    /// Names of headers that were looked at: those of a caller are the same each time.
    private static let known = Mutex<[String: Bool]>([:])

    /// Of what a text says behind them, with `=` or `:` between.
    static let text = [
        "password", "passwd", "pwd", "client_secret", "secret", "api_key", "api-key", "apikey", "access_token",
        "refresh_token", "private_key",
    ]

    /// Whether a header of this name is one: it is known, or a part of its name says so.
    static func isHeader(_ name: String) -> Bool {
        if let isHeader = known.withLock({ $0[name] }) { return isHeader }
        let lower = name.lowercased()
        let isHeader = headers.contains(lower) || fields.contains(lower) || HeaderParts(lower).isCredential
        guard name.utf8.count <= longestKnown else { return isHeader }
        known.withLock { known in
            if known.count >= mostKnown { known.removeAll() }
            known[name] = isHeader
        }
        return isHeader
    }
}

/// The words of a header's name, as bytes: this is asked of every header of a capture.
private struct HeaderParts {
    /// What a word of a credential's name ends with.
    private static let endings = [
        "token", "secret", "password", "passwd", "credential", "credentials", "apikey", "authorization", "cookie",
        "jwt",
    ]
    .map { Array($0.utf8) }
    /// What a key to something is called by: other keys, such as those of a cache, are none.
    private static let keys: Set<String> = [
        "access", "account", "admin", "api", "app", "application", "auth", "client", "customer", "encryption",
        "function", "functions", "license", "master", "private", "secret", "service", "shared", "subscription",
    ]
    /// What the last word says is told of tokens that a model reads and writes.
    private static let counts: Set<String> = [
        "budget", "cost", "count", "limit", "rate", "remaining", "reset", "type", "usage",
    ]

    private let parts: [Substring.UTF8View]

    init(_ name: String) {
        parts = name.utf8.split { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") }
    }

    var isCredential: Bool {
        guard let last = parts.last, parts.indices.contains(where: isCredential) else { return false }
        return !Self.counts.contains(String(Substring(last)))
    }

    private func isCredential(_ index: Int) -> Bool {
        let part = parts[index]
        if part.elementsEqual("key".utf8) {
            return index > 0 && Self.keys.contains(String(Substring(parts[index - 1])))
        }
        return Self.endings.contains { part.count >= $0.count && part.suffix($0.count).elementsEqual($0) }
    }
}
