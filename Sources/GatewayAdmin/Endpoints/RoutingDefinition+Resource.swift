import GatewayAPI
import GatewayCore

extension RoutingDefinition {
    init(_ resource: EndpointResource) throws(APIError) {
        var canaries: [CanaryDefinition] = []
        for canary in resource.canary { canaries.append(try CanaryDefinition(canary)) }
        self.init(
            canaries: canaries,
            sticky: try resource.sticky.map { sticky throws(APIError) in try StickyKey(sticky) },
            versions: resource.versions.map {
                VersionsDefinition(query: $0.query, header: $0.header, standard: $0.default)
            }
        )
    }
}

extension CanaryDefinition {
    fileprivate init(_ resource: CanaryResource) throws(APIError) {
        switch (resource.header, resource.callers, resource.value) {
        case (let name?, nil, let value):
            self.init(deployment: resource.deployment, condition: .header(name: name, value: value))
        case (nil, let percent?, nil): self.init(deployment: resource.deployment, condition: .callers(percent))
        default:
            let message = "a canary needs header, with or without value, or else callers; write two for both"
            throw APIError(.invalid, message, target: "canary")
        }
    }
}

extension StickyKey {
    fileprivate init(_ resource: StickyResource) throws(APIError) {
        switch (resource.by, resource.name) {
        case ("caller", nil): self = .caller
        case ("key", nil): self = .key
        case ("subject", nil): self = .subject
        case ("header", let name?): self = .header(name)
        case ("cookie", let name?): self = .cookie(name)
        default:
            let message = "sticky is by caller, key or subject, or by header or cookie with the name of it"
            throw APIError(.invalid, message, target: "sticky")
        }
    }
}

extension EndpointResource {
    mutating func setRouting(_ definition: RoutingDefinition) {
        canary = definition.canaries.map { canary in
            switch canary.condition {
            case .header(let name, let value):
                CanaryResource(deployment: canary.deployment, header: name, value: value)
            case .callers(let percent): CanaryResource(deployment: canary.deployment, callers: percent)
            }
        }
        sticky = definition.sticky.map(StickyResource.init)
        versions = definition.versions.map {
            VersionsResource(query: $0.query, header: $0.header, default: $0.standard)
        }
    }
}

extension StickyResource {
    fileprivate init(_ key: StickyKey) {
        switch key {
        case .caller: self.init(by: "caller")
        case .key: self.init(by: "key")
        case .subject: self.init(by: "subject")
        case .header(let name): self.init(by: "header", name: name)
        case .cookie(let name): self.init(by: "cookie", name: name)
        }
    }
}
