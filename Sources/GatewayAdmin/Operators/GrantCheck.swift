import GatewayCore
import GatewayStore

/// Whether a change would let somebody act with a role that the one who makes it could not give.
///
/// A role can be given in three ways: by an assignment, by a secret for a principal that has one, and by the keys of an
/// issuer whose tokens have one.
struct GrantCheck {
    let asker: Operator
    let roles: [RoleAssignment]

    init(_ asker: Operator, _ store: Store) {
        self.asker = asker
        roles = store.definitions.roles.filter(\.role.isOperators)
    }

    /// To make, change or remove an assignment.
    func requireMayAssign(_ assignment: RoleAssignment) throws(APIError) {
        let before = roles.first { $0.path == assignment.path }
        for role in [assignment.role, before?.role].compactMap(\.self) where role.isOperators {
            try asker.requireMayGrant(role, in: assignment.tenant)
        }
    }

    /// To make a principal, or a secret for it.
    func requireMayEquip(_ tenant: String, clientID: String) throws(APIError) {
        let id = clientID.lowercased()
        for role in roles where role.tenant == tenant && role.names(clientID: id) {
            try asker.requireMayGrant(role.role, in: tenant)
        }
    }

    /// To trust an issuer, or others of its keys.
    func requireMayTrust(_ tenant: String, issuer: String) throws(APIError) {
        for role in roles where role.tenant == tenant && (role.issuer == nil || role.issuer == issuer) {
            try asker.requireMayGrant(role.role, in: tenant)
        }
    }
}

extension RoleAssignment {
    /// Whether tokens of the built-in issuer for this client have the role.
    fileprivate func names(clientID: String) -> Bool {
        guard issuer == nil || issuer == Self.builtInIssuer else { return false }
        return switch subject {
        case .subject(let name), .application(let name): name.lowercased() == clientID
        case .group, .applicationRole, .scope, .managedIdentity: false
        }
    }
}
