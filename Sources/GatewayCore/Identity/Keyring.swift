/// Every key that opens something, by its SHA-256.
package struct Keyring: Sendable {
    private let callers: [KeyDigest: Caller]

    package init(_ callers: [KeyDigest: Caller]) {
        self.callers = callers
    }

    /// Who holds this key.
    ///
    /// Unknown and wrong keys take the same path: one hash, one look-up whose comparison is constant-time.
    package func identify(_ secret: String) -> Caller? {
        callers[KeyDigest(of: secret)]
    }
}

/// Who a request was identified as.
package final class Caller: Sendable {
    package let tenant: String
    /// The one endpoint that the key opens.
    package let endpoint: String
    /// How receipts and logs name the caller, for instance `demo/chat#primary`.
    package let label: String

    package init(tenant: String, endpoint: String, label: String) {
        self.tenant = tenant
        self.endpoint = endpoint
        self.label = label
    }
}
