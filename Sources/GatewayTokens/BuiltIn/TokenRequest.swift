import Foundation

/// Why the token endpoint refuses, in the words of RFC 6749 §5.2.
struct OAuthError: Error, Equatable {
    let status: Int
    let code: String
    let description: String

    static func invalidRequest(_ description: String) -> OAuthError {
        OAuthError(status: 400, code: "invalid_request", description: description)
    }

    /// The one answer to every failure to authenticate: it tells apart neither clients nor secrets.
    static let invalidClient = OAuthError(
        status: 401,
        code: "invalid_client",
        description: "The client is unknown, disabled, or its secret is wrong or expired."
    )
    static let unsupportedGrantType = OAuthError(
        status: 400,
        code: "unsupported_grant_type",
        description: "Only client_credentials is supported."
    )
    static let invalidScope = OAuthError(
        status: 400,
        code: "invalid_scope",
        description: "The scope must be one of this gateway's audiences followed by /.default."
    )
}

/// A client's request for a token by its own credentials, RFC 6749 §4.4.
struct TokenRequest: Equatable {
    let clientID: String
    let secret: String
    /// What the token is for; `nil` = for the gateway.
    let audience: String?

    private static let largest = 64 * 1024

    init(_ request: IssuerRequest) throws(OAuthError) {
        guard Self.isForm(request.contentType) else {
            throw .invalidRequest("The content type must be application/x-www-form-urlencoded.")
        }
        guard request.body.count <= Self.largest, let form = FormFields(request.body) else {
            throw .invalidRequest("The body must be a form without a repeated field.")
        }
        guard let grantType = form["grant_type"] else { throw .invalidRequest("The field grant_type is missing.") }
        guard grantType == "client_credentials" else { throw .unsupportedGrantType }
        (clientID, secret) = try Self.credentials(request.authorization, form)
        audience = try Self.audience(form)
    }

    private static func isForm(_ contentType: String?) -> Bool {
        guard let type = contentType?.prefix(while: { $0 != ";" }) else { return false }
        return type.trimmingCharacters(in: .whitespaces).lowercased() == "application/x-www-form-urlencoded"
    }

    /// From the header or the form, never from both (RFC 6749 §2.3).
    private static func credentials(
        _ authorization: String?,
        _ form: FormFields
    ) throws(OAuthError) -> (id: String, secret: String) {
        guard let authorization else {
            guard let id = form["client_id"] else { throw .invalidRequest("The field client_id is missing.") }
            guard let secret = form["client_secret"] else { throw .invalidClient }
            return (id.lowercased(), secret)
        }
        guard form["client_secret"] == nil else {
            throw .invalidRequest("The client must authenticate in one way only.")
        }
        guard let (id, secret) = basic(authorization) else { throw .invalidClient }
        guard form["client_id"].map({ $0.lowercased() == id }) ?? true else {
            throw .invalidRequest("The client must authenticate in one way only.")
        }
        return (id, secret)
    }

    private static func basic(_ authorization: String) -> (id: String, secret: String)? {
        let words = authorization.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "basic",
            let bytes = Data(base64Encoded: words[1].trimmingCharacters(in: .whitespaces)),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let id = FormFields.decode(bytes[..<colon]),
            let secret = FormFields.decode(bytes[bytes.index(after: colon)...])
        else { return nil }
        return (id.lowercased(), secret)
    }

    /// `scope` of v2, or `resource` of v1.
    private static func audience(_ form: FormFields) throws(OAuthError) -> String? {
        guard let scope = form["scope"] else { return form["resource"] }
        let words = scope.split(separator: " ")
        guard words.count == 1, let word = words.first else { throw .invalidScope }
        let suffix = "/.default"
        return word.hasSuffix(suffix) ? String(word.dropLast(suffix.count)) : String(word)
    }
}
