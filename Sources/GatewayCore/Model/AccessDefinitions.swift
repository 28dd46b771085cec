/// A key that an application was given; the secret was shown once, only its SHA-256 is known.
package struct NamedKey: Sendable, Equatable {
    package var tenant: String
    /// Unique in the tenant: 3 to 64 letters, digits, `-`, `_` and `.`.
    package var name: String
    package var digest: KeyDigest
    /// Names of endpoints that it opens; `nil` = all of the tenant.
    package var endpoints: [String]?
    /// URL forms that it may use; `nil` = all.
    package var forms: [URLFormName]?
    /// Seconds since 1970; `nil` = never.
    package var expiresAt: Int64?
    /// CIDR; empty = everywhere.
    package var allowedNetworks: [String]
    package var rules: UsageRules
    /// Beside the other callers of its tenant, where requests wait: within `QueueWeight.range`.
    package var queueWeight: Int
    package var isDisabled: Bool
    /// Seconds since 1970.
    package var createdAt: Int64
    /// What it was before it was rotated with a grace, while that still opens; the one that ends first comes first.
    package var retired: [RetiredKey]

    package init(
        tenant: String,
        name: String,
        digest: KeyDigest,
        endpoints: [String]? = nil,
        forms: [URLFormName]? = nil,
        expiresAt: Int64? = nil,
        allowedNetworks: [String] = [],
        rules: UsageRules = .none,
        queueWeight: Int = QueueWeight.standard,
        isDisabled: Bool = false,
        createdAt: Int64,
        retired: [RetiredKey] = []
    ) {
        self.tenant = tenant
        self.name = name
        self.digest = digest
        self.endpoints = endpoints
        self.forms = forms
        self.expiresAt = expiresAt
        self.allowedNetworks = allowedNetworks
        self.rules = rules
        self.queueWeight = queueWeight
        self.isDisabled = isDisabled
        self.createdAt = createdAt
        self.retired = retired
    }
}

/// A key that was replaced and still opens for a while.
package struct RetiredKey: Sendable, Equatable {
    package var digest: KeyDigest
    /// Seconds since 1970.
    package var validUntil: Int64

    package init(digest: KeyDigest, validUntil: Int64) {
        self.digest = digest
        self.validUntil = validUntil
    }
}

/// When an endpoint's keys are replaced by themselves: the primary and the secondary in turn.
package struct RotationRule: Sendable, Hashable, Codable {
    /// One minute to ten years.
    package static let range: ClosedRange<Int64> = 60...315_360_000

    /// Seconds from one rotation to the next.
    package var every: Int64
    /// Seconds that the replaced key still opens.
    package var overlap: Int64

    package init(every: Int64, overlap: Int64) {
        self.every = every
        self.overlap = overlap
    }
}

/// The URL forms of DESIGN §3, for scopes.
package enum URLFormName: String, Sendable, Hashable, Codable, CaseIterable {
    case path
    case host
    case openAI = "openai"
    case anthropic
    case azureOpenAI = "azure-openai"
}

/// A program that asks the built-in issuer for tokens: Azure's service principal.
package struct Principal: Sendable, Equatable {
    /// One secret of it; shown once.
    package struct Secret: Sendable, Equatable {
        /// 1 to 64 letters, digits and `-`.
        package var id: String
        package var digest: KeyDigest
        /// Seconds since 1970; `nil` = never.
        package var expiresAt: Int64?

        package init(id: String, digest: KeyDigest, expiresAt: Int64?) {
            self.id = id
            self.digest = digest
            self.expiresAt = expiresAt
        }
    }

    package var tenant: String
    /// A UUID in lower case; unique in the gateway, since `adfs` finds the tenant by it.
    package var clientID: String
    package var name: String
    package var secrets: [Secret]
    package var isDisabled: Bool

    package init(tenant: String, clientID: String, name: String, secrets: [Secret] = [], isDisabled: Bool = false) {
        self.tenant = tenant
        self.clientID = clientID
        self.name = name
        self.secrets = secrets
        self.isDisabled = isDisabled
    }
}

/// Somebody else's issuer whose tokens a tenant trusts.
package struct TrustedIssuer: Sendable, Hashable, Codable {
    package var tenant: String
    /// Unique in the tenant.
    package var name: String
    /// The exact values of `iss` that count; Entra has one for v1 and one for v2.
    package var issuers: [String]
    package var audiences: [String]
    /// `tid` must have this value, when set.
    package var directoryID: String?
    /// The OpenID discovery document; `nil` when `keysURL` is set.
    package var discoveryURL: String?
    /// The JSON Web Key Set; `nil` = as the discovery document says.
    package var keysURL: String?
    /// Whether the tenant's own operators named its URL; the store says so.
    package var isNamedByTenant = false

    package init(
        tenant: String,
        name: String,
        issuers: [String],
        audiences: [String],
        directoryID: String? = nil,
        discoveryURL: String? = nil,
        keysURL: String? = nil
    ) {
        self.tenant = tenant
        self.name = name
        self.issuers = issuers
        self.audiences = audiences
        self.directoryID = directoryID
        self.discoveryURL = discoveryURL
        self.keysURL = keysURL
    }
}

/// What a holder of a token may do.
package enum Role: String, Sendable, Hashable, Codable, CaseIterable {
    /// Call endpoints.
    case invoke
    /// Ask for `aml_token`s of endpoints, and call them with those.
    case token
    case owner
    case admin
    case deployer
    case keyAdmin = "key-admin"
    case reviewer
    /// See metrics, and nothing else.
    case monitor
}

/// Says which tokens have a role in a tenant.
package struct RoleAssignment: Sendable, Hashable, Codable {
    /// What of a token is compared, whole and exactly.
    package enum Subject: Sendable, Hashable, Codable {
        /// `oid`, else `sub`.
        case subject(String)
        /// `appid` (v1) or `azp` (v2); the client id of a principal of the built-in issuer.
        case application(String)
        /// One of `groups`.
        case group(String)
        /// One of `roles`.
        case applicationRole(String)
        /// One word of `scp`.
        case scope(String)
        /// `xms_mirid`, without regard to letter case.
        case managedIdentity(String)
    }

    /// How the client proved itself to its issuer (`appidacr`, `azpacr`).
    package enum ClientProof: String, Sendable, Hashable, Codable, CaseIterable {
        /// 0: a public client, no proof.
        case none = "0"
        case secret = "1"
        case certificate = "2"
    }

    package var tenant: String
    /// Unique in the tenant.
    package var name: String
    package var role: Role
    package var subject: Subject
    /// The trusted issuer that must have issued the token; `nil` = any of the tenant; `built-in` = the gateway's own.
    package var issuer: String?
    /// Names of endpoints; `nil` = all of the tenant.
    package var endpoints: [String]?
    /// Proofs that are accepted; empty = any, also none stated.
    package var proofs: Set<ClientProof>

    package init(
        tenant: String,
        name: String,
        role: Role,
        subject: Subject,
        issuer: String? = nil,
        endpoints: [String]? = nil,
        proofs: Set<ClientProof> = []
    ) {
        self.tenant = tenant
        self.name = name
        self.role = role
        self.subject = subject
        self.issuer = issuer
        self.endpoints = endpoints
        self.proofs = proofs
    }
}

/// Where a tenant is told of events.
package struct WebhookDefinition: Sendable, Equatable {
    package var tenant: String
    /// Unique in the tenant.
    package var name: String
    package var url: String
    /// Names of events; empty = all.
    package var events: [String]
    /// Sealed in the store; values may hold `${env:…}` and `${file:…}`.
    package var headers: [UpstreamHeader]
    /// Whether the tenant's own operators named its URL; the store says so.
    package var isNamedByTenant = false

    package init(tenant: String, name: String, url: String, events: [String] = [], headers: [UpstreamHeader] = []) {
        self.tenant = tenant
        self.name = name
        self.url = url
        self.events = events
        self.headers = headers
    }
}
