package import GatewayCore

extension Store {
    package func tenants() -> [TenantDefinition] { definitions.tenants }

    package func tenant(_ name: String) throws(StoreError) -> TenantDefinition {
        guard let tenant = definitions.tenants.first(where: { $0.name == name }) else {
            throw .notFound(resource: name)
        }
        return tenant
    }

    package func putTenant(_ tenant: TenantDefinition) async throws(StoreError) -> PutOutcome {
        try await change { transaction in
            if transaction.definitions.tenants.contains(tenant) { return .unchanged }
            transaction.definitions.tenants.append(tenant)
            return .created
        }
    }

    /// With its endpoints, deployments, models and keys.
    package func deleteTenant(_ name: String) async throws(StoreError) {
        try await change { transaction in
            guard transaction.definitions.tenants.contains(where: { $0.name == name }) else {
                throw StoreError.notFound(resource: name)
            }
            transaction.removeTenant(name)
        }
    }
}
