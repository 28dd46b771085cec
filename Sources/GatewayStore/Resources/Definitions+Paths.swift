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
    var label: String { "\(tenant)/\(endpoint)#\(slot.rawValue)" }
}

extension Definitions {
    /// The model that a reference means for a tenant: the version it names, or the one registered last.
    package func model(_ tenant: String, _ reference: ModelReference) -> ModelDefinition? {
        models.last { model in
            model.tenant == tenant && model.name == reference.name
                && (reference.version == nil || reference.version == model.version)
        }
    }

    /// The one order in which definitions are kept, whatever order they came in; models stay in registration order.
    var sorted: Definitions {
        var sorted = self
        sorted.tenants.sort { $0.name < $1.name }
        sorted.endpoints.sort { ($0.tenant, $0.name) < ($1.tenant, $1.name) }
        sorted.deployments.sort { ($0.tenant, $0.endpoint, $0.name) < ($1.tenant, $1.endpoint, $1.name) }
        sorted.keys.sort { ($0.tenant, $0.endpoint, $0.slot.rawValue) < ($1.tenant, $1.endpoint, $1.slot.rawValue) }
        return sorted
    }
}
