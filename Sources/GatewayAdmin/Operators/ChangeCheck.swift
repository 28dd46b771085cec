import GatewayCore
import GatewayStore
import Hummingbird

/// What an operator must be allowed for what a change really does, whichever route or document it comes by.
///
/// Asked where the change is made, of the configuration before and after it: a route asks for what its changes need at least.
struct ChangeCheck {
    let asker: Operator

    init(_ asker: Operator) {
        self.asker = asker
    }

    func require(_ before: Definitions, _ after: Definitions) throws(APIError) {
        try requireTenants(before, after)
        try requireEndpoints(before, after)
        try requireDeployments(before, after)
        try requireGrants(before, after)
    }

    /// To make a principal, to change or remove it, or its secrets: whoever has a secret acts with its roles.
    func requireMayEquip(_ tenant: String, clientID: String, _ roles: [RoleAssignment]) throws(APIError) {
        let id = clientID.lowercased()
        for role in roles where role.tenant == tenant && role.role.isOperators && role.names(clientID: id) {
            try asker.requireMayGrant(role.role, in: tenant)
        }
    }

    /// What a tenant may use in all and beside others, and whether it may anything, is said by others than its own operators.
    private func requireTenants(_ before: Definitions, _ after: Definitions) throws(APIError) {
        for (old, new) in Self.pairs(before.tenants, after.tenants, by: \.path) {
            guard let new else { continue }
            let old = old ?? TenantDefinition(name: new.name)
            let isAlike =
                old.rules == new.rules && old.queueWeight == new.queueWeight && old.isSuspended == new.isSuspended
            guard !isAlike else { continue }
            let change = "a change of the limits, the queue weight or the suspension of \(new.path)"
            try asker.require(.tenant, in: nil, for: change)
        }
    }

    private func requireEndpoints(_ before: Definitions, _ after: Definitions) throws(APIError) {
        for (old, new) in Self.pairs(before.endpoints, after.endpoints, by: \.path) {
            guard let tenant = (new ?? old)?.tenant, new?.differsOnlyInTraffic(from: old) != true else { continue }
            try asker.require(.endpoints, in: tenant)
        }
    }

    private func requireDeployments(_ before: Definitions, _ after: Definitions) throws(APIError) {
        for (old, new) in Self.pairs(before.deployments, after.deployments, by: \.path) {
            let hasOtherRules = old?.rules ?? UsageRules.none != new?.rules ?? UsageRules.none
            guard let any = new ?? old, hasOtherRules || old?.price != new?.price else { continue }
            try asker.require(.endpoints, in: any.tenant, for: "a change of the limits or the price of \(any.path)")
        }
    }

    /// Nobody lets anybody act with a role that they could not give, nor takes one away: by an assignment, by an account, by
    /// a principal that has one, or by the keys of an issuer whose tokens have one.
    private func requireGrants(_ before: Definitions, _ after: Definitions) throws(APIError) {
        let roles = (before.roles + after.roles).filter(\.role.isOperators)
        for role in Self.sides(before.roles, after.roles, by: \.path) where role.role.isOperators {
            try asker.requireMayGrant(role.role, in: role.tenant)
        }
        for account in Self.sides(before.operators, after.operators, by: \.name) {
            try asker.requireMayGrant(account.role, in: account.tenant)
        }
        for principal in Self.sides(before.principals, after.principals, by: \.path) {
            try requireMayEquip(principal.tenant, clientID: principal.clientID, roles)
        }
        for issuer in Self.sides(before.issuers, after.issuers, by: \.path) {
            for role in roles where role.tenant == issuer.tenant && (role.issuer ?? issuer.name) == issuer.name {
                try asker.requireMayGrant(role.role, in: role.tenant)
            }
        }
    }

    /// Both states of everything that differs.
    private static func sides<Definition: Equatable>(
        _ before: [Definition],
        _ after: [Definition],
        by path: KeyPath<Definition, String>
    ) -> [Definition] {
        pairs(before, after, by: path).flatMap { [$0.old, $0.new].compactMap(\.self) }
    }

    /// Everything that differs, as it was and as it is; `nil` where it was not, or is not any more.
    private static func pairs<Definition: Equatable>(
        _ before: [Definition],
        _ after: [Definition],
        by path: KeyPath<Definition, String>
    ) -> [(old: Definition?, new: Definition?)] {
        guard before != after else { return [] }
        var known = Dictionary(before.map { ($0[keyPath: path], $0) }, uniquingKeysWith: { first, _ in first })
        let present = after.map { (old: known.removeValue(forKey: $0[keyPath: path]), new: Definition?.some($0)) }
        return present.filter { $0.old != $0.new } + known.values.map { (old: $0, new: nil) }
    }
}

extension ChangeOrigin {
    /// Of a request of an operator.
    init(_ asker: Operator, _ request: Request, address: String?) {
        self.init(
            author: asker.label,
            address: address ?? "",
            request: "\(request.method.rawValue) \(request.uri.path)",
            isOwner: asker.may(.gateway, in: nil)
        )
        requirement = { before, after throws(StoreError) in
            do throws(APIError) {
                try ChangeCheck(asker).require(before, after)
            } catch {
                throw .forbidden(error.message)
            }
        }
    }
}

extension EndpointDefinition {
    /// Whether a deployer may have done it: only where traffic goes, and maintenance, is different.
    fileprivate func differsOnlyInTraffic(from old: EndpointDefinition?) -> Bool {
        guard var old else { return false }
        old.traffic = traffic
        old.mirrorTraffic = mirrorTraffic
        old.maintenance = maintenance
        old.routing.versions?.standard = routing.versions?.standard
        return old == self
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
