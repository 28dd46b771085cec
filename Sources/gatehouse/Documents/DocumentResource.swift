import GatewayAPI

/// A resource that a document can describe.
protocol DocumentResource {
    var tenant: String { get set }
    /// How problems and changes name it: `demo/chat`, `demo/keys/app`.
    var path: String { get }
}

extension TenantResource: DocumentResource {
    /// A tenant is its own.
    var tenant: String {
        get { name }
        set { name = newValue }
    }
    var path: String { name }
}

extension EndpointResource: DocumentResource {
    var path: String { "\(tenant)/\(name)" }
}

extension DeploymentResource: DocumentResource {
    var path: String { "\(tenant)/\(endpoint)/\(name)" }
}

extension NamedKeyResource: DocumentResource {
    var path: String { "\(tenant)/keys/\(name)" }
}

extension PrincipalResource: DocumentResource {
    var path: String { "\(tenant)/principals/\(name)" }
}

extension IssuerResource: DocumentResource {
    var path: String { "\(tenant)/issuers/\(name)" }
}

extension RoleResource: DocumentResource {
    var path: String { "\(tenant)/roles/\(name)" }
}

extension WebhookResource: DocumentResource {
    var path: String { "\(tenant)/webhooks/\(name)" }
}
