import GatewayAPI
import GatewayCore
import GatewayStore

extension Store {
    /// By client id, else by name.
    func findPrincipal(_ tenant: String, _ text: String) throws(StoreError) -> Principal {
        let all = try principals(of: tenant)
        let found = all.first { $0.clientID == text.lowercased() } ?? all.first { $0.name == text }
        guard let found else { throw .notFound(resource: "\(tenant)/principals/\(text)") }
        return found
    }

    /// A new principal with secrets that expire at these times.
    func makePrincipal(
        _ asked: PrincipalResource,
        of tenant: String,
        expiries: [Int64?]
    ) async throws(StoreError) -> (clientID: String, secrets: [IssuedSecret]) {
        let id = asked.clientId?.lowercased()
        let made = try await createPrincipal(tenant, name: asked.name, clientID: id)
        var secrets: [IssuedSecret] = []
        for expiresAt in expiries {
            secrets.append(try await addPrincipalSecret(tenant, made.clientID, expiresAt: expiresAt))
        }
        if asked.disabled == true { _ = try await setPrincipal(tenant, made.clientID, isDisabled: true) }
        return (made.clientID, secrets)
    }
}

extension PrincipalResource {
    /// - Parameter issued: secrets that were made by the request that is answered.
    init(_ principal: Principal, issued: [IssuedSecret] = []) {
        self.init(
            tenant: principal.tenant,
            name: principal.name,
            clientId: principal.clientID,
            disabled: principal.isDisabled,
            secrets: principal.secrets.map { secret in
                PrincipalSecretResource(
                    id: secret.id,
                    expiresAt: secret.expiresAt.map(WireTime.text),
                    secret: issued.first { $0.id == secret.id }?.secret
                )
            }
        )
    }
}

extension PrincipalSecretResource {
    init(_ issued: IssuedSecret) {
        self.init(id: issued.id, expiresAt: issued.expiresAt.map(WireTime.text), secret: issued.secret)
    }

    func expiry() throws(APIError) -> Int64? {
        guard let text = expiresAt else { return nil }
        return try WireTime.read(text, member: "expiresAt")
    }
}
