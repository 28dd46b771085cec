/// Who a request was identified as.
package final class Caller: Sendable {
    /// How it proved that.
    package enum Proof: Sendable {
        case key
        case token(VerifiedToken)
        /// Not at all; only public endpoints have such callers.
        case none
    }

    package let tenant: String
    /// How receipts and logs name the caller, for instance `demo/chat#primary`.
    package let label: String
    package let proof: Proof
    /// Names of the endpoints that it opens; `nil` = all of the tenant.
    package let endpoints: Set<String>?
    /// URL forms that it may use; `nil` = all.
    package let forms: Set<URLFormName>?
    /// `nil` = from everywhere.
    package let networks: NetworkList?
    /// Seconds since 1970; `nil` = never.
    package let expiresAt: Int64?
    package let usage: UsageScope?
    /// Beside the other callers of its tenant, where requests wait.
    package let queueWeight: Int

    package init(
        tenant: String,
        label: String,
        proof: Proof = .key,
        endpoints: Set<String>?,
        forms: Set<URLFormName>? = nil,
        networks: NetworkList? = nil,
        expiresAt: Int64? = nil,
        usage: UsageScope? = nil,
        queueWeight: Int = QueueWeight.standard
    ) {
        self.tenant = tenant
        self.label = label
        self.proof = proof
        self.endpoints = endpoints
        self.forms = forms
        self.networks = networks
        self.expiresAt = expiresAt
        self.usage = usage
        self.queueWeight = queueWeight
    }

    /// The holder of one of an endpoint's two keys.
    package convenience init(tenant: String, endpoint: String, label: String, expiresAt: Int64? = nil) {
        self.init(tenant: tenant, label: label, endpoints: [endpoint], expiresAt: expiresAt)
    }

    /// The holder of a token, as one of the tenants that trust its issuer sees it.
    convenience init(tenant: String, token: VerifiedToken) {
        self.init(
            tenant: tenant,
            label: "\(tenant)@\(token.subject)",
            proof: .token(token),
            endpoints: nil,
            expiresAt: token.expiresAt
        )
    }

    package static let anonymousLabel = "anonymous"
}
