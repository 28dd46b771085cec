package import GatewayAPI
package import GatewayCore

extension EndpointDefinition {
    /// What a wire resource describes; names and weights are the store's to judge.
    package init(_ resource: EndpointResource) throws(APIError) {
        guard let authMode = AuthMode(rawValue: resource.authMode.lowercased()) else {
            throw APIError(
                .invalid,
                "authMode \(resource.authMode.debugDescription) is not built yet; use key",
                target: "authMode"
            )
        }
        self.init(
            tenant: resource.tenant,
            name: resource.name,
            description: resource.description,
            authMode: authMode,
            traffic: resource.traffic,
            modelNames: resource.modelNames,
            hosts: resource.hosts.map { $0.lowercased() },
            tags: resource.tags,
            properties: resource.properties
        )
    }
}

extension EndpointResource {
    init(_ endpoint: EndpointDefinition, publicURL: String) {
        self.init(
            tenant: endpoint.tenant,
            name: endpoint.name,
            description: endpoint.description,
            authMode: endpoint.authMode.rawValue,
            traffic: endpoint.traffic,
            modelNames: endpoint.modelNames,
            hosts: endpoint.hosts,
            tags: endpoint.tags,
            properties: endpoint.properties,
            scoringUri: "\(publicURL)/\(endpoint.tenant)/\(endpoint.name)/score"
        )
    }
}
