package import GatewayCore

/// What a route of the admin API needs its operator to be allowed.
package enum Permission: String, Sendable, CaseIterable {
    /// To know who one is.
    case identity
    /// To see how much there is of everything.
    case metrics
    /// To see everything but secrets.
    case read
    /// Deployments, traffic, rollouts, maintenance.
    case deployments
    /// Endpoints themselves, and the limits on them and on deployments.
    case endpoints
    /// Keys of every kind, and principals.
    case keys
    /// Issuers and role assignments.
    case trust
    case webhooks
    case operators
    case audit
    /// What was asked and answered.
    case captures
    /// The tenant itself: whether it is there, what it may use in all.
    case tenant
    /// What belongs to no tenant: certificates, files on the gateway's machine.
    case gateway

    /// Roles that have it.
    package var roles: Set<Role> {
        switch self {
        case .identity, .metrics: [.owner, .admin, .deployer, .keyAdmin, .reviewer, .monitor]
        case .read: [.owner, .admin, .deployer, .keyAdmin, .reviewer]
        case .deployments: [.owner, .admin, .deployer]
        case .keys: [.owner, .admin, .keyAdmin]
        case .audit: [.owner, .admin, .reviewer]
        case .captures: [.reviewer]
        case .endpoints, .trust, .webhooks, .operators: [.owner, .admin]
        case .tenant, .gateway: [.owner]
        }
    }

    /// For a sentence: `owner, admin or deployer`.
    var words: String {
        let names = Role.allCases.filter(roles.contains).map(\.rawValue)
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " or " + last
    }
}
