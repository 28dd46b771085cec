import GatewayCore
import GatewayStore

/// Finds out who sent an admin request: the holder of `operator.token`, a local account, or a token's subject.
struct OperatorDirectory: Sendable {
    private let local: KeyDigest
    private let store: Store
    private let verify: @Sendable (_ token: String) async -> VerifiedToken?

    init(
        token: String,
        store: Store,
        verify: @escaping @Sendable (_ token: String) async -> VerifiedToken?
    ) {
        local = KeyDigest(of: token)
        self.store = store
        self.verify = verify
    }

    /// - Parameter fields: the values of `Authorization`; exactly one counts.
    func identify(_ fields: [String]) async -> Operator? {
        guard fields.count == 1, let field = fields.first, field.prefix(7).lowercased() == "bearer " else {
            return nil
        }
        let secret = String(field.dropFirst(7))
        // Compared as digests: the time does not depend on where two secrets differ.
        if KeyDigest(of: secret) == local { return .local }
        if secret.hasPrefix("eyJ") { return await verify(secret).map(holder) }
        return store.operatorAccount(holding: secret).map { account in
            Operator(label: account.name, grants: [Operator.Grant(role: account.role, tenant: account.tenant)])
        }
    }

    /// What the tenants' role assignments say of a token; nothing of a tenant that is suspended.
    private func holder(of token: VerifiedToken) -> Operator {
        let definitions = store.definitions
        let suspended = Set(definitions.tenants.filter(\.isSuspended).map(\.name))
        let roles = definitions.roles.filter { role in
            role.role.isOperators && role.endpoints == nil && !suspended.contains(role.tenant)
                && role.accepts(token, tenant: role.tenant)
        }
        let grants = Set(roles.map { Operator.Grant(role: $0.role, tenant: $0.tenant) })
        let issuer = token.issuer.name(in: Set(roles.map(\.tenant)))
        return Operator(label: "token:\(issuer)/\(token.subject)", grants: Array(grants))
    }
}

extension VerifiedToken.Issuer {
    /// What tenants call it: one subject of two issuers is two people.
    ///
    /// - Parameter tenants: whose name for it counts first.
    fileprivate func name(in tenants: Set<String>) -> String {
        switch self {
        case .builtIn, .endpoint: RoleAssignment.builtInIssuer
        case .trusted(let issuers):
            (issuers.filter { tenants.contains($0.tenant) }.map(\.name).min() ?? issuers.map(\.name).min()) ?? ""
        }
    }
}
