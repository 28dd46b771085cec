/// What the admin listener was asked of the built-in issuer.
package struct IssuerHTTPRequest: Sendable, Equatable {
    package var method: String
    /// As it was sent, without a query.
    package var path: String
    package var contentType: String?
    package var authorization: String?
    /// The header `Host`.
    package var host: String?
    package var body: [UInt8]
    /// Of the client; `nil` when it is not known.
    package var address: String?

    package init(
        method: String,
        path: String,
        contentType: String? = nil,
        authorization: String? = nil,
        host: String? = nil,
        body: [UInt8] = [],
        address: String? = nil
    ) {
        self.method = method
        self.path = path
        self.contentType = contentType
        self.authorization = authorization
        self.host = host
        self.body = body
        self.address = address
    }
}

/// What the built-in issuer answers, errors included.
package struct IssuerHTTPAnswer: Sendable, Equatable {
    /// One header field.
    package struct Field: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package var status: Int
    package var fields: [Field]
    package var body: [UInt8]

    package init(status: Int, fields: [Field] = [], body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}
