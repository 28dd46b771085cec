import GatewayCore

/// The members of what says who may call, and how much.
extension ChangeList {
    static func fields(_ old: TenantDefinition, _ new: TenantDefinition) -> [String] {
        [
            ("suspended", old.isSuspended != new.isSuspended), ("subscription", old.subscription != new.subscription),
            ("resourceGroup", old.resourceGroup != new.resourceGroup), ("cors", old.cors != new.cors),
            ("queueWeight", old.queueWeight != new.queueWeight),
        ].filter(\.1).map(\.0) + fields(old.rules, new.rules)
    }

    static func fields(_ old: EndpointDefinition, _ new: EndpointDefinition) -> [String] {
        [
            ("description", old.description != new.description), ("authModes", old.authModes != new.authModes),
            ("public", old.isPublic != new.isPublic), ("traffic", old.traffic != new.traffic),
            ("modelNames", old.modelNames != new.modelNames), ("hosts", old.hosts != new.hosts),
            ("tags", old.tags != new.tags), ("properties", old.properties != new.properties),
            ("cors", old.cors != new.cors), ("allowedNetworks", old.allowedNetworks != new.allowedNetworks),
            ("publicNetworkAccess", old.isPrivate != new.isPrivate),
            ("maintenance", old.maintenance != new.maintenance),
            ("keyRotation", old.keyRotation != new.keyRotation), ("fallback", old.fallback != new.fallback),
            ("mirrorTraffic", old.mirrorTraffic != new.mirrorTraffic),
            ("canary", old.routing.canaries != new.routing.canaries),
            ("sticky", old.routing.sticky != new.routing.sticky),
            ("versions", old.routing.versions != new.routing.versions), ("capture", old.capture != new.capture),
        ].filter(\.1).map(\.0) + fields(old.rules, new.rules)
    }

    static func fields(_ old: UsageRules, _ new: UsageRules) -> [String] {
        [("rateLimits", old.limits != new.limits), ("quotas", old.quotas != new.quotas)].filter(\.1).map(\.0)
    }

    static func fields(_ old: TrustedIssuer, _ new: TrustedIssuer) -> [String] {
        [
            ("issuers", old.issuers != new.issuers), ("audiences", old.audiences != new.audiences),
            ("directoryId", old.directoryID != new.directoryID),
            ("discoveryUrl", old.discoveryURL != new.discoveryURL), ("keysUrl", old.keysURL != new.keysURL),
        ].filter(\.1).map(\.0)
    }

    static func fields(_ old: RoleAssignment, _ new: RoleAssignment) -> [String] {
        [
            ("role", old.role != new.role), ("subject", old.subject != new.subject),
            ("issuer", old.issuer != new.issuer), ("endpoints", old.endpoints != new.endpoints),
            ("proofs", old.proofs != new.proofs),
        ].filter(\.1).map(\.0)
    }

    static func fields(_ old: WebhookDefinition, _ new: WebhookDefinition) -> [String] {
        [("url", old.url != new.url), ("events", old.events != new.events), ("headers", old.headers != new.headers)]
            .filter(\.1).map(\.0)
    }
}
