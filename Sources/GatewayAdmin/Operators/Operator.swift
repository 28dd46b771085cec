package import GatewayCore

/// Who sent an admin request, and what they may do.
package struct Operator: Sendable, Equatable {
    /// A role and where it counts.
    package struct Grant: Sendable, Hashable {
        package let role: Role
        /// `nil` = everywhere.
        package let tenant: String?

        package init(role: Role, tenant: String?) {
            self.role = role
            self.tenant = tenant
        }

        fileprivate func covers(_ tenant: String?) -> Bool { self.tenant == nil || self.tenant == tenant }
    }

    /// Whoever can read the file beside the store.
    static let local = Operator(label: "operator.token", grants: [Grant(role: .owner, tenant: nil)])

    /// How the audit log names them.
    package let label: String
    package let grants: [Grant]

    package init(label: String, grants: [Grant]) {
        self.label = label
        self.grants = grants
    }

    /// - Parameter tenant: `nil` asks for what is the gateway's and no tenant's.
    package func may(_ permission: Permission, in tenant: String?) -> Bool {
        grants.contains { permission.roles.contains($0.role) && $0.covers(tenant) }
    }

    /// The same, wherever it may be.
    func may(_ permission: Permission) -> Bool {
        grants.contains { permission.roles.contains($0.role) }
    }

    /// - Throws: forbidden; the same words whether the tenant exists or not.
    ///
    /// - Parameter what: needs it, as the beginning of a sentence.
    package func require(
        _ permission: Permission,
        in tenant: String?,
        for what: String = "this"
    ) throws(APIError) {
        guard !may(permission, in: tenant) else { return }
        let place = tenant.map { "in the tenant \($0)" } ?? "on the whole gateway"
        let roles = permission.words
        throw APIError(.forbidden, "\(what) needs the role \(roles) \(place); \(label) does not have it")
    }

    /// Tenants where the permission is held; `nil` = all.
    func tenants(with permission: Permission) -> [String]? {
        let held = grants.filter { permission.roles.contains($0.role) }
        return held.contains { $0.tenant == nil } ? nil : held.compactMap(\.tenant)
    }

    /// Nobody gives away more than they have: an owner gives any role, an admin any but owner, each within its own tenants.
    func requireMayGrant(_ role: Role, in tenant: String?) throws(APIError) {
        let isEnough = grants.contains { grant in
            grant.covers(tenant) && (grant.role == .owner || (grant.role == .admin && role != .owner))
        }
        guard !isEnough else { return }
        let place = tenant.map { "in the tenant \($0)" } ?? "on the whole gateway"
        throw APIError(.forbidden, "\(label) may not give the role \(role.rawValue) \(place)")
    }
}
