package import GatewayCore

extension TenantDefinition {
    /// How commands, problems and logs write this resource.
    package var path: String { name }
}

extension EndpointDefinition {
    /// `tenant/endpoint`.
    package var path: String { "\(tenant)/\(name)" }
}

extension DeploymentDefinition {
    /// `tenant/endpoint/deployment`.
    package var path: String { "\(tenant)/\(endpoint)/\(name)" }
    /// `tenant/endpoint`.
    package var endpointPath: String { "\(tenant)/\(endpoint)" }
}

extension DeploymentSecret {
    static func path(_ tenant: String, _ endpoint: String, _ deployment: String, _ name: String) -> String {
        "\(tenant)/\(endpoint)/\(deployment)/secrets/\(name)"
    }

    /// `tenant/endpoint/deployment/secrets/name`.
    var path: String { Self.path(tenant, endpoint, deployment, name) }
    /// `tenant/endpoint/deployment`.
    var deploymentPath: String { "\(tenant)/\(endpoint)/\(deployment)" }
    /// What its sealed value is bound to.
    var place: String { "\(path)/value" }
}

extension ModelDefinition {
    /// `tenant/name:version`.
    package var resource: String { "\(tenant)/\(name):\(version)" }
    /// `name:version`.
    package var label: String { "\(name):\(version)" }
}

extension EndpointKey {
    /// `tenant/endpoint`.
    var endpointPath: String { "\(tenant)/\(endpoint)" }
    /// `tenant/endpoint/primary`: what a sealed key is bound to.
    var place: String { "\(tenant)/\(endpoint)/\(slot.rawValue)" }
    /// `tenant/endpoint#primary`: how receipts name the caller.
    package var label: String { "\(tenant)/\(endpoint)#\(slot.rawValue)" }
}

extension NamedKey {
    static func path(_ tenant: String, _ name: String) -> String { "\(tenant)/keys/\(name)" }

    /// `tenant/keys/name`.
    package var path: String { Self.path(tenant, name) }
    /// `tenant#name`: how receipts name the caller.
    package var label: String { "\(tenant)#\(name)" }
}

extension Principal {
    /// `tenant/principals/client-id`.
    package var path: String { "\(tenant)/principals/\(clientID)" }
}

extension TrustedIssuer {
    /// `tenant/issuers/name`.
    package var path: String { "\(tenant)/issuers/\(name)" }
}

extension RoleAssignment {
    /// `tenant/roles/name`.
    package var path: String { "\(tenant)/roles/\(name)" }
}

extension WebhookDefinition {
    /// `tenant/webhooks/name`.
    package var path: String { "\(tenant)/webhooks/\(name)" }
}

extension Definitions {
    /// The model that a reference means for a tenant: the version it names, or the one registered last.
    package func model(_ tenant: String, _ reference: ModelReference) -> ModelDefinition? {
        models.last { model in
            model.tenant == tenant && model.name == reference.name
                && (reference.version == nil || reference.version == model.version)
        }
    }

    /// Values by name of what the headers of a deployment may refer to.
    func secretValues(of deployment: DeploymentDefinition) -> [String: String] {
        let own = secrets.filter {
            $0.deployment == deployment.name && $0.endpoint == deployment.endpoint && $0.tenant == deployment.tenant
        }
        return Dictionary(own.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    /// The one order in which definitions are kept, whatever order they came in; models stay in registration order, and
    /// named keys are in their order always.
    var sorted: Definitions {
        var sorted = self
        sorted.tenants.sort { $0.name < $1.name }
        sorted.endpoints.sort { ($0.tenant, $0.name) < ($1.tenant, $1.name) }
        sorted.deployments.sort { ($0.tenant, $0.endpoint, $0.name) < ($1.tenant, $1.endpoint, $1.name) }
        sorted.secrets.sort {
            ($0.tenant, $0.endpoint, $0.deployment, $0.name) < ($1.tenant, $1.endpoint, $1.deployment, $1.name)
        }
        sorted.keys.sort { ($0.tenant, $0.endpoint, $0.slot.rawValue) < ($1.tenant, $1.endpoint, $1.slot.rawValue) }
        sorted.principals.sort { ($0.tenant, $0.clientID) < ($1.tenant, $1.clientID) }
        sorted.issuers.sort { ($0.tenant, $0.name) < ($1.tenant, $1.name) }
        sorted.roles.sort { ($0.tenant, $0.name) < ($1.tenant, $1.name) }
        sorted.webhooks.sort { ($0.tenant, $0.name) < ($1.tenant, $1.name) }
        sorted.operators.sort { $0.name < $1.name }
        return sorted
    }
}
