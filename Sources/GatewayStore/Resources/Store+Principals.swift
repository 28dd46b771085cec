import Foundation
package import GatewayCore

/// A secret of a principal, at the one time that it is shown.
package struct IssuedSecret: Sendable, Equatable {
    package let id: String
    package let secret: String
    /// Seconds since 1970; `nil` = never.
    package let expiresAt: Int64?
}

extension Store {
    package func principals(of tenant: String) throws(StoreError) -> [Principal] {
        _ = try self.tenant(tenant)
        return definitions.principals.filter { $0.tenant == tenant }
    }

    package func principal(_ tenant: String, _ clientID: String) throws(StoreError) -> Principal {
        guard let principal = principal(clientID: clientID), principal.tenant == tenant else {
            throw .notFound(resource: "\(tenant)/principals/\(clientID)")
        }
        return principal
    }

    /// Of whichever tenant.
    package func principal(clientID: String) -> Principal? {
        definitions.principals.first { $0.clientID == clientID }
    }

    /// - Parameter clientID: a UUID in lower case; `nil` makes one.
    package func createPrincipal(
        _ tenant: String,
        name: String,
        clientID: String? = nil
    ) async throws(StoreError) -> Principal {
        let principal = Principal(tenant: tenant, clientID: clientID ?? UUID().uuidString.lowercased(), name: name)
        return try await change { transaction in
            try transaction.requireTenant(tenant)
            guard !transaction.definitions.principals.contains(where: { $0.clientID == principal.clientID }) else {
                let message = "is taken; leave it out to have one made"
                throw StoreError.conflict(Problem(.alreadyExists, principal.path, field: "clientId", message))
            }
            transaction.definitions.principals.append(principal)
            return principal
        }
    }

    /// The secret is in the answer and nowhere else.
    package func addPrincipalSecret(
        _ tenant: String,
        _ clientID: String,
        expiresAt: Int64?,
        at now: Int64 = WallClock.seconds
    ) async throws(StoreError) -> IssuedSecret {
        let secret = KeySecret.generate()
        return try await changePrincipal(tenant, clientID) { principal in
            if let expiresAt, expiresAt <= now {
                let message = "is in the past; name a later time, or none for a secret that never expires"
                throw Problem(.invalidExpiry, principal.path, field: "expiresAt", message)
            }
            let id = String(UUID().uuidString.lowercased().prefix(8))
            let made = Principal.Secret(id: id, digest: secret.digest, expiresAt: expiresAt)
            principal.secrets.append(made)
            return IssuedSecret(id: id, secret: secret.text, expiresAt: expiresAt)
        }
    }

    package func removePrincipalSecret(_ tenant: String, _ clientID: String, _ id: String) async throws(StoreError) {
        try await changePrincipal(tenant, clientID) { principal in
            guard principal.secrets.contains(where: { $0.id == id }) else {
                throw StoreError.notFound(resource: "\(principal.path)/secrets/\(id)")
            }
            principal.secrets.removeAll { $0.id == id }
        }
    }

    package func setPrincipal(
        _ tenant: String,
        _ clientID: String,
        isDisabled: Bool
    ) async throws(StoreError) -> PutOutcome {
        try await changePrincipal(tenant, clientID) { principal in
            if principal.isDisabled == isDisabled { return .unchanged }
            principal.isDisabled = isDisabled
            return .updated
        }
    }

    package func deletePrincipal(_ tenant: String, _ clientID: String) async throws(StoreError) {
        try await change { transaction in
            let index = try transaction.definitions.indexOfPrincipal(tenant, clientID)
            transaction.definitions.principals.remove(at: index)
        }
    }

    private func changePrincipal<Value: Sendable>(
        _ tenant: String,
        _ clientID: String,
        _ body: @escaping @Sendable (inout Principal) throws -> Value
    ) async throws(StoreError) -> Value {
        try await change { transaction in
            let index = try transaction.definitions.indexOfPrincipal(tenant, clientID)
            return try body(&transaction.definitions.principals[index])
        }
    }
}

extension Definitions {
    fileprivate func indexOfPrincipal(_ tenant: String, _ clientID: String) throws(StoreError) -> Int {
        guard let index = principals.firstIndex(where: { $0.clientID == clientID && $0.tenant == tenant }) else {
            throw .notFound(resource: "\(tenant)/principals/\(clientID)")
        }
        return index
    }
}
