import GatewayCore
import Synchronization

/// Names whose values are credentials wherever they stand, in lower case.
enum CredentialNames {
    private static let headers: Set<String> = [
        "authorization", "proxy-authorization", "cookie", "set-cookie", "set-cookie2", "api-key", "x-api-key", "apikey",
        "x-goog-api-key",
        "ocp-apim-subscription-key", "x-amz-security-token", "x-auth-token", "x-access-token", "x-csrf-token",
        "authentication-info", "proxy-authentication-info", "www-authenticate",
    ]

    /// Of members of JSON bodies, and of pairs of a query or a form; `NameParts` knows more by their parts.
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

    /// What a name in a text ends with, with `=` or `:` behind it.
    static let text =
        ["password", "passwd", "pwd", "passphrase", "secret"]
        + joined(["access", "account", "api", "auth", "private", "secret", "session"], "key")
        + joined(["access", "api", "auth", "refresh", "session"], "token")

    private static func joined(_ words: [String], _ last: String) -> [String] {
        words.flatMap { word in ["_", "-", ""].map { word + $0 + last } }
    }

    /// Whether a header of this name is one: it is known, or a part of its name says so.
    static func isHeader(_ name: String) -> Bool {
        if let isHeader = known.withLock({ $0[name] }) { return isHeader }
        let lower = name.lowercased()
        let isHeader = headers.contains(lower) || fields.contains(lower) || NameParts(name).isCredential(alone: true)
        guard name.utf8.count <= longestKnown else { return isHeader }
        known.withLock { known in
            if known.count >= mostKnown { known.removeAll() }
            known[name] = isHeader
        }
        return isHeader
    }

    /// Whether a pair of a query has a name of one.
    static func isQuery(_ name: String) -> Bool { query.contains(name.lowercased()) || isField(name) }

    /// Whether a member, a part of a form or one of its pairs has.
    static func isField(_ name: String) -> Bool { NameParts.mayBeCredential(name.utf8.span) && isKnown(name) }

    /// - Parameter range: of a member's name, without its quotes.
    static func isField(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        NameParts.mayBeCredential(bytes.extracting(range)) && isKnown(JSONScan.string(bytes, range))
    }

    private static func isKnown(_ name: String) -> Bool {
        fields.contains(name.lowercased()) || NameParts(name).isCredential(alone: false)
    }
}
