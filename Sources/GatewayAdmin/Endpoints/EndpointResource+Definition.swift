package import GatewayAPI
package import GatewayCore

extension EndpointDefinition {
    /// What a wire resource describes; names, weights and amounts are the store's to judge.
    package init(_ resource: EndpointResource) throws(APIError) {
        var modes: Set<AuthMode> = []
        for text in resource.authModes {
            guard let mode = AuthMode(rawValue: text) else {
                let known = AuthModes.all.joined(separator: ", ")
                throw APIError(.invalid, "\(text.debugDescription) is not one of \(known)", target: "authModes")
            }
            modes.insert(mode)
        }
        let access = resource.publicNetworkAccess.lowercased()
        guard ["enabled", "disabled"].contains(access) else {
            let message = "publicNetworkAccess must be enabled or disabled"
            throw APIError(.invalid, message, target: "publicNetworkAccess")
        }
        self.init(
            tenant: resource.tenant,
            name: resource.name,
            description: resource.description,
            authModes: modes,
            isPublic: resource.public,
            traffic: resource.traffic,
            modelNames: resource.modelNames,
            hosts: resource.hosts.map { $0.lowercased() },
            tags: resource.tags,
            properties: resource.properties,
            rules: try UsageRules(limits: resource.limits, quotas: resource.quotas),
            cors: resource.cors.map(CORSRule.init),
            allowedNetworks: resource.allowedNetworks,
            isPrivate: access == "disabled",
            maintenance: resource.maintenance.map(Maintenance.init),
            keyRotation: resource.keyRotation.map { RotationRule(every: $0.every, overlap: $0.overlap) },
            fallback: resource.fallback.map(FallbackDefinition.init),
            mirrorTraffic: resource.mirrorTraffic,
            routing: try RoutingDefinition(resource),
            capture: try resource.capture.map { capture throws(APIError) in try CaptureRule(capture) }
        )
    }
}

extension Maintenance {
    init(_ resource: MaintenanceResource) {
        self.init(message: resource.message, retryAfter: resource.retryAfter)
    }
}

extension EndpointResource {
    init(_ endpoint: EndpointDefinition, publicURL: String) {
        self.init(
            tenant: endpoint.tenant,
            name: endpoint.name,
            description: endpoint.description,
            authModes: AuthModes.all.filter { endpoint.authModes.map(\.rawValue).contains($0) },
            traffic: endpoint.traffic,
            modelNames: endpoint.modelNames,
            hosts: endpoint.hosts,
            tags: endpoint.tags,
            properties: endpoint.properties,
            scoringUri: "\(publicURL)/\(endpoint.tenant)/\(endpoint.name)/score"
        )
        self.public = endpoint.isPublic
        limits = endpoint.rules.limitResources
        quotas = endpoint.rules.quotaResources
        cors = endpoint.cors.map(CORSResource.init)
        allowedNetworks = endpoint.allowedNetworks
        publicNetworkAccess = endpoint.isPrivate ? "disabled" : "enabled"
        maintenance = endpoint.maintenance.map {
            MaintenanceResource(message: $0.message, retryAfter: $0.retryAfter)
        }
        keyRotation = endpoint.keyRotation.map { KeyRotationResource(every: $0.every, overlap: $0.overlap) }
        fallback = endpoint.fallback.map(FallbackResource.init)
        mirrorTraffic = endpoint.mirrorTraffic
        setRouting(endpoint.routing)
        capture = endpoint.capture.map(CaptureResource.init)
    }
}
