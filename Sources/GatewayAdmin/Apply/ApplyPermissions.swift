import GatewayAPI
import GatewayCore
import GatewayStore

/// What an operator must be allowed for all that an apply asks.
struct ApplyPermissions {
    let asker: Operator
    let store: Store

    func check(_ asked: ApplyRequest) throws(APIError) {
        let known = Set(store.tenants().map(\.name))
        for tenant in asked.tenants { try asker.require(.tenant, in: tenant.name) }
        for tenant in asked.tenantNames where !known.contains(tenant) { try asker.require(.tenant, in: tenant) }
        for endpoint in asked.endpoints { try asker.require(.endpoints, in: endpoint.tenant) }
        for deployment in asked.deployments { try asker.require(.deployments, in: deployment.tenant) }
        for tenant in asked.keys.map(\.tenant) + asked.principals.map(\.tenant) { try asker.require(.keys, in: tenant) }
        for tenant in asked.issuers.map(\.tenant) + asked.roles.map(\.tenant) { try asker.require(.trust, in: tenant) }
        for webhook in asked.webhooks { try asker.require(.webhooks, in: webhook.tenant) }
        if asked.prune {
            for tenant in asked.tenantNames {
                for permission in [Permission.endpoints, .trust, .webhooks] {
                    try asker.require(permission, in: tenant)
                }
            }
        }
        try checkGrants(asked)
    }

    private func checkGrants(_ asked: ApplyRequest) throws(APIError) {
        let check = GrantCheck(asker, store)
        for issuer in asked.issuers { try check.requireMayTrust(issuer.tenant, issuer: issuer.name) }
        for role in asked.roles { try check.requireMayAssign(RoleAssignment(role)) }
        for principal in asked.principals {
            if let id = principal.clientId { try check.requireMayEquip(principal.tenant, clientID: id) }
        }
        // Whoever prunes takes away every assignment that is not named.
        guard asked.prune else { return }
        let tenants = asked.tenantNames
        for role in check.roles where tenants.contains(role.tenant) { try check.requireMayAssign(role) }
    }
}

extension ApplyRequest {
    /// Every tenant that a document names.
    var tenantNames: Set<String> {
        let resources = tenants.map(\.name) + endpoints.map(\.tenant) + deployments.map(\.tenant)
        let access = keys.map(\.tenant) + principals.map(\.tenant) + issuers.map(\.tenant) + roles.map(\.tenant)
        return Set(resources + access + webhooks.map(\.tenant))
    }
}
