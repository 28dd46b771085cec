/// A stable URL with an auth mode and a traffic split, as an admin described it.
package struct EndpointDefinition: Sendable, Equatable {
    package var tenant: String
    package var name: String
    package var description: String
    package var authMode: AuthMode
    /// Weight per deployment name, in per cent: they sum to 100, or all are zero (no traffic).
    package var traffic: [String: Int]
    /// Further names that callers may use in a body's `model`; unique in the tenant.
    package var modelNames: [String]
    /// Host names that the endpoint serves at their root; unique in the gateway, lower case.
    package var hosts: [String]
    package var tags: [String: String]
    package var properties: [String: String]

    package init(
        tenant: String,
        name: String,
        description: String = "",
        authMode: AuthMode = .key,
        traffic: [String: Int] = [:],
        modelNames: [String] = [],
        hosts: [String] = [],
        tags: [String: String] = [:],
        properties: [String: String] = [:]
    ) {
        self.tenant = tenant
        self.name = name
        self.description = description
        self.authMode = authMode
        self.traffic = traffic
        self.modelNames = modelNames
        self.hosts = hosts
        self.tags = tags
        self.properties = properties
    }
}

/// How callers prove who they are.
///
/// Tokens come with a later issue; a document that asks for them is refused until then.
package enum AuthMode: String, Sendable, Hashable, CaseIterable {
    case key
}
