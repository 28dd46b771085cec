/// A request to the built-in issuer, whichever listener it came to.
package struct IssuerRequest: Sendable {
    package var method: String
    /// Without the query.
    package var path: String
    package var contentType: String?
    /// The header `Authorization`.
    package var authorization: String?
    /// The header `Host`.
    package var host: String?
    package var body: [UInt8]

    package init(
        method: String,
        path: String,
        contentType: String? = nil,
        authorization: String? = nil,
        host: String? = nil,
        body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.contentType = contentType
        self.authorization = authorization
        self.host = host
        self.body = body
    }
}

/// What the built-in issuer answers; the body's length is left to who writes it.
package struct IssuerAnswer: Sendable {
    package var status: Int
    package var headers: [(String, String)]
    package var body: [UInt8]
}

/// A token that the built-in issuer made.
package struct IssuedToken: Sendable, Equatable {
    package let text: String
    /// Seconds since 1970.
    package let expiresAt: Int64
    /// Seconds.
    package let lifetime: Int64
}
