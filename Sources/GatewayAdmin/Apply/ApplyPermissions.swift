import GatewayAPI
import GatewayCore
import GatewayStore

/// What an operator must be allowed for all that an apply asks, before any of it is done; `ChangeCheck` asks for the rest.
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
        for principal in asked.principals { try check(principal) }
    }

    /// Principals are made and changed after everything else: whether that is allowed must be known before.
    private func check(_ principal: PrincipalResource) throws(APIError) {
        let known = try? store.findPrincipal(principal.tenant, principal.clientId ?? principal.name)
        guard let id = known?.clientID ?? principal.clientId, known?.stays(as: principal) != true else { return }
        let roles = store.definitions.roles
        try ChangeCheck(asker).requireMayEquip(principal.tenant, clientID: id, roles)
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

extension Principal {
    fileprivate func stays(as asked: PrincipalResource) -> Bool { asked.disabled ?? isDisabled == isDisabled }
}
