package import GatewayCore

extension Store {
    package func tenants() -> [TenantDefinition] { definitions.tenants }

    package func tenant(_ name: String) throws(StoreError) -> TenantDefinition {
        guard let tenant = definitions.tenants.first(where: { $0.name == name }) else {
            throw .notFound(resource: name)
        }
        return tenant
    }

    /// - Parameter isSuspended: `nil` leaves that as it is.
    package func putTenant(
        _ tenant: TenantDefinition,
        isSuspended: Bool? = nil
    ) async throws(StoreError) -> PutOutcome {
        try await change { transaction in transaction.put(tenant, isSuspended: isSuspended) }
    }

    /// Its keys and tokens open nothing until it is resumed.
    package func suspendTenant(_ name: String) async throws(StoreError) -> PutOutcome {
        try await setTenant(name, isSuspended: true)
    }

    package func resumeTenant(_ name: String) async throws(StoreError) -> PutOutcome {
        try await setTenant(name, isSuspended: false)
    }

    private func setTenant(_ name: String, isSuspended: Bool) async throws(StoreError) -> PutOutcome {
        try await change { transaction in
            guard let index = transaction.definitions.tenants.firstIndex(where: { $0.name == name }) else {
                throw StoreError.notFound(resource: name)
            }
            if transaction.definitions.tenants[index].isSuspended == isSuspended { return .unchanged }
            transaction.definitions.tenants[index].isSuspended = isSuspended
            return .updated
        }
    }

    /// With everything that it owns.
    package func deleteTenant(_ name: String) async throws(StoreError) {
        try await change { transaction in
            guard transaction.definitions.tenants.contains(where: { $0.name == name }) else {
                throw StoreError.notFound(resource: name)
            }
            transaction.removeTenant(name)
        }
    }
}

extension StoreTransaction {
    /// Replaces or adds.
    ///
    /// - Parameter isSuspended: `nil` leaves one that is there as suspended as it is.
    @discardableResult
    mutating func put(_ tenant: TenantDefinition, isSuspended: Bool? = nil) -> PutOutcome {
        guard let index = definitions.tenants.firstIndex(where: { $0.name == tenant.name }) else {
            definitions.tenants.append(tenant)
            return .created
        }
        let before = definitions.tenants[index]
        definitions.tenants[index] = tenant
        definitions.tenants[index].isSuspended = isSuspended ?? before.isSuspended
        return definitions.tenants[index] == before ? .unchanged : .updated
    }

    /// - Throws: not found.
    func requireTenant(_ name: String) throws(StoreError) {
        guard definitions.tenants.contains(where: { $0.name == name }) else { throw .notFound(resource: name) }
    }
}
