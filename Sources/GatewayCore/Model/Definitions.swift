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

    package init(
        tenants: [TenantDefinition] = [],
        endpoints: [EndpointDefinition] = [],
        deployments: [DeploymentDefinition] = [],
        models: [ModelDefinition] = [],
        keys: [EndpointKey] = []
    ) {
        self.tenants = tenants
        self.endpoints = endpoints
        self.deployments = deployments
        self.models = models
        self.keys = keys
    }
}

/// An isolated customer or team.
package struct TenantDefinition: Sendable, Equatable {
    package var name: String

    package init(name: String) {
        self.name = name
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

    package init(tenant: String, name: String, version: String, path: String, sha256: String, size: Int64) {
        self.tenant = tenant
        self.name = name
        self.version = version
        self.path = path
        self.sha256 = sha256
        self.size = size
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

    package init(tenant: String, endpoint: String, slot: KeySlot, digest: KeyDigest) {
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
