/// What a token said whose signature, time, issuer and audience were checked.
package struct VerifiedToken: Sendable, Equatable {
    /// Who issued it.
    package enum Issuer: Sendable, Equatable {
        /// A trusted issuer of these tenants, by the name that each has for it.
        case trusted([TenantIssuer])
        /// The gateway's own, to a principal of this tenant.
        case builtIn(tenant: String)
        /// The gateway's own, for one endpoint: an `aml_token`.
        case endpoint(tenant: String, endpoint: String)
    }

    /// A tenant and its name for an issuer.
    package struct TenantIssuer: Sendable, Hashable {
        package let tenant: String
        package let name: String

        package init(tenant: String, name: String) {
            self.tenant = tenant
            self.name = name
        }
    }

    package var issuer: Issuer
    /// `oid`, else `sub`.
    package var subject: String
    /// Whom the token is for.
    package var audiences: Set<String>
    /// `appid` (v1) or `azp` (v2).
    package var application: String?
    package var proof: RoleAssignment.ClientProof?
    package var groups: Set<String>
    package var applicationRoles: Set<String>
    package var scopes: Set<String>
    package var managedIdentity: String?
    /// `idtyp`: `app` or `user`.
    package var kind: String?
    /// `iat`, in seconds since 1970; 0 where the token does not say it.
    package var issuedAt: Int64
    /// Seconds since 1970, the allowed clock skew included: from then on it is refused.
    package var expiresAt: Int64

    package init(
        issuer: Issuer,
        subject: String,
        audiences: Set<String> = [],
        application: String? = nil,
        proof: RoleAssignment.ClientProof? = nil,
        groups: Set<String> = [],
        applicationRoles: Set<String> = [],
        scopes: Set<String> = [],
        managedIdentity: String? = nil,
        kind: String? = nil,
        issuedAt: Int64 = 0,
        expiresAt: Int64
    ) {
        self.issuer = issuer
        self.subject = subject
        self.audiences = audiences
        self.application = application
        self.proof = proof
        self.groups = groups
        self.applicationRoles = applicationRoles
        self.scopes = scopes
        self.managedIdentity = managedIdentity
        self.kind = kind
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }
}
