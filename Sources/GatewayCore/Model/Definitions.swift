/// Everything the data plane is compiled from, as plain validated values.
///
/// GatewayCore owns the vocabulary and every decision about a request. It does no I/O, knows no socket, no database and no
/// clock: bytes come as `RawSpan`, time comes as an argument.
package struct Definitions: Sendable, Equatable {
    package var tenants: [TenantDefinition]
    package var endpoints: [EndpointDefinition]
    package var deployments: [DeploymentDefinition]
    package var models: [ModelDefinition]
    package var keys: [EndpointKey]
    package var namedKeys: [NamedKey]
    package var principals: [Principal]
    package var issuers: [TrustedIssuer]
    package var roles: [RoleAssignment]
    package var webhooks: [WebhookDefinition]
    package var operators: [OperatorDefinition]
    /// What headers of deployments refer to.
    package var secrets: [DeploymentSecret] = []
    /// Who is assigned where, by the path of an endpoint whose callers are sticky; follows from the weights.
    package var stickyBuckets: [String: StickyBuckets] = [:]

    package init(
        tenants: [TenantDefinition] = [],
        endpoints: [EndpointDefinition] = [],
        deployments: [DeploymentDefinition] = [],
        models: [ModelDefinition] = [],
        keys: [EndpointKey] = [],
        namedKeys: [NamedKey] = [],
        principals: [Principal] = [],
        issuers: [TrustedIssuer] = [],
        roles: [RoleAssignment] = [],
        webhooks: [WebhookDefinition] = [],
        operators: [OperatorDefinition] = []
    ) {
        self.tenants = tenants
        self.endpoints = endpoints
        self.deployments = deployments
        self.models = models
        self.keys = keys
        self.namedKeys = namedKeys
        self.principals = principals
        self.issuers = issuers
        self.roles = roles
        self.webhooks = webhooks
        self.operators = operators
    }
}

/// An isolated customer or team.
package struct TenantDefinition: Sendable, Equatable {
    package var name: String
    /// Its keys and tokens open nothing, its resources stay.
    package var isSuspended: Bool
    /// The organisation above: Azure's subscription and resource group; only shown.
    package var subscription: String?
    package var resourceGroup: String?
    package var rules: UsageRules
    /// For endpoints that have none of their own.
    package var cors: CORSRule?
    /// Beside the other tenants, where requests wait: within `QueueWeight.range`.
    package var queueWeight: Int

    package init(
        name: String,
        isSuspended: Bool = false,
        subscription: String? = nil,
        resourceGroup: String? = nil,
        rules: UsageRules = .none,
        cors: CORSRule? = nil,
        queueWeight: Int = QueueWeight.standard
    ) {
        self.name = name
        self.isSuspended = isSuspended
        self.subscription = subscription
        self.resourceGroup = resourceGroup
        self.rules = rules
        self.cors = cors
        self.queueWeight = queueWeight
    }
}

/// A registered model artifact.
package struct ModelDefinition: Sendable, Equatable {
    package var tenant: String
    package var name: String
    package var version: String
    /// Absolute path of the file on the gateway's machine.
    package var path: String
    /// Lower-case hex SHA-256 of the file.
    package var sha256: String
    /// Size in bytes.
    package var size: Int64
    /// Where the gateway has pulled its file from, and may pull it from again; `nil` for a file that it does not own.
    package var source: String?

    package init(
        tenant: String,
        name: String,
        version: String,
        path: String,
        sha256: String,
        size: Int64,
        source: String? = nil
    ) {
        self.tenant = tenant
        self.name = name
        self.version = version
        self.path = path
        self.sha256 = sha256
        self.size = size
        self.source = source
    }
}

/// What a deployment says about its model: `azureml:name:version` or `azureml:name@latest`.
package struct ModelReference: Sendable, Equatable {
    package var name: String
    /// `nil` means the newest version at the moment of compiling.
    package var version: String?

    package init(name: String, version: String?) {
        self.name = name
        self.version = version
    }

    /// Reads `azureml:name:version`, `azureml:name@latest`, `name:version` or `name@latest`; `nil` when it is neither.
    package init?(_ text: String) {
        var rest = Substring(text)
        if rest.hasPrefix("azureml:") { rest = rest.dropFirst("azureml:".count) }
        if rest.hasSuffix("@latest") {
            self.init(name: String(rest.dropLast("@latest".count)), version: nil)
        } else {
            guard let colon = rest.lastIndex(of: ":") else { return nil }
            self.init(name: String(rest[..<colon]), version: String(rest[rest.index(after: colon)...]))
        }
        guard !name.isEmpty, version != "", !name.contains(":"), !name.contains("/") else { return nil }
    }

    /// The spelling that `init(_:)` reads.
    package var text: String {
        if let version { "azureml:\(name):\(version)" } else { "azureml:\(name)@latest" }
    }
}

/// One of the two keys of an endpoint, as the data plane knows it: never the secret, only its SHA-256.
package struct EndpointKey: Sendable, Equatable {
    package var tenant: String
    package var endpoint: String
    package var slot: KeySlot
    package var digest: KeyDigest
    /// What it was before it was regenerated with a grace, while that still opens; the one that ends first comes first.
    package var retired: [RetiredKey]
    /// Seconds since 1970.
    package var createdAt: Int64

    package init(
        tenant: String,
        endpoint: String,
        slot: KeySlot,
        digest: KeyDigest,
        retired: [RetiredKey] = [],
        createdAt: Int64 = 0
    ) {
        self.retired = retired
        self.createdAt = createdAt
        self.tenant = tenant
        self.endpoint = endpoint
        self.slot = slot
        self.digest = digest
    }
}

/// Which of an endpoint's two keys.
package enum KeySlot: String, Sendable, Hashable, CaseIterable {
    case primary
    case secondary
}
