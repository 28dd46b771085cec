package import GatewayCore

/// Whose tokens count, and what they may do.
extension Store {
    package func issuers(of tenant: String) throws(StoreError) -> [TrustedIssuer] {
        _ = try self.tenant(tenant)
        return definitions.issuers.filter { $0.tenant == tenant }
    }

    package func issuer(_ tenant: String, _ name: String) throws(StoreError) -> TrustedIssuer {
        guard let issuer = definitions.issuers.first(where: { $0.tenant == tenant && $0.name == name }) else {
            throw .notFound(resource: "\(tenant)/issuers/\(name)")
        }
        return issuer
    }

    package func putIssuer(_ issuer: TrustedIssuer) async throws(StoreError) -> PutOutcome {
        try await change { $0.put(issuer) }
    }

    /// Refused while a role names it.
    package func deleteIssuer(_ tenant: String, _ name: String) async throws(StoreError) {
        let path = try issuer(tenant, name).path
        try await change { transaction in
            if let role = transaction.definitions.roles.first(where: { $0.tenant == tenant && $0.issuer == name }) {
                let message = "the role \(role.name) names it; change or remove that role first"
                throw StoreError.conflict(Problem(.invalidRole, path, message))
            }
            transaction.definitions.issuers.removeAll { $0.path == path }
        }
    }

    package func roles(of tenant: String) throws(StoreError) -> [RoleAssignment] {
        _ = try self.tenant(tenant)
        return definitions.roles.filter { $0.tenant == tenant }
    }

    package func role(_ tenant: String, _ name: String) throws(StoreError) -> RoleAssignment {
        guard let role = definitions.roles.first(where: { $0.tenant == tenant && $0.name == name }) else {
            throw .notFound(resource: "\(tenant)/roles/\(name)")
        }
        return role
    }

    package func putRole(_ role: RoleAssignment) async throws(StoreError) -> PutOutcome {
        try await change { transaction in
            let before = transaction.definitions.roles.first { $0.path == role.path }
            transaction.put(role)
            return before == nil ? .created : before == role ? .unchanged : .updated
        }
    }

    package func deleteRole(_ tenant: String, _ name: String) async throws(StoreError) {
        let path = try role(tenant, name).path
        try await change { transaction in transaction.definitions.roles.removeAll { $0.path == path } }
    }
}
