/// What a token's holder may do in a tenant, by the tenant's role assignments.
enum RoleRule {
    /// Whether the tenant has any role for the holder.
    static func isKnown(_ token: VerifiedToken, in tenant: Tenant) -> Bool {
        tenant.roles.contains { $0.accepts(token, tenant: tenant.name) }
    }

    /// - Parameter action: `invoke` or `token` on this endpoint; `owner` and `admin` may both, `token` may invoke too.
    static func allows(_ token: VerifiedToken, _ action: Role, on endpoint: String, in tenant: Tenant) -> Bool {
        tenant.roles.contains { role in
            role.role.includes(action) && (role.endpoints?.contains(endpoint) ?? true)
                && role.accepts(token, tenant: tenant.name)
        }
    }
}

extension Role {
    fileprivate func includes(_ action: Role) -> Bool {
        switch self {
        case .owner, .admin: true
        case .token: action == .token || action == .invoke
        case .invoke, .deployer, .keyAdmin, .reviewer, .monitor: self == action
        }
    }
}

extension RoleAssignment {
    /// How assignments name the gateway's own issuer.
    package static let builtInIssuer = "built-in"

    /// Whether the assignment speaks of the holder of this token.
    package func accepts(_ token: VerifiedToken, tenant: String) -> Bool {
        isIssued(token, tenant: tenant) && (proofs.isEmpty || token.proof.map(proofs.contains) == true)
            && names(token)
    }

    private func isIssued(_ token: VerifiedToken, tenant: String) -> Bool {
        switch token.issuer {
        case .trusted(let issuers):
            issuers.contains { $0.tenant == tenant && (issuer == nil || issuer == $0.name) }
        case .builtIn(let owner): owner == tenant && (issuer == nil || issuer == Self.builtInIssuer)
        case .endpoint: false
        }
    }

    private func names(_ token: VerifiedToken) -> Bool {
        switch subject {
        case .subject(let name): token.subject == name
        case .application(let name): token.application == name
        case .group(let name): token.groups.contains(name)
        case .applicationRole(let name): token.applicationRoles.contains(name)
        case .scope(let name): token.scopes.contains(name)
        case .managedIdentity(let name): token.managedIdentity?.lowercased() == name.lowercased()
        }
    }
}
