import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Hummingbird
import Logging

/// What `/api/v1/operators`, `/api/v1/me` and `/api/v1/login` answer.
struct OperatorRoutes: Sendable {
    let store: Store
    let logger: Logger
    /// Name and password, with room to spare.
    private static let largestLogin = 8 << 10

    private let limit = LoginLimit()

    init(store: Store, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    @Sendable func me(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        let asker = try context.requireOperator()
        let grants = asker.grants.map { IdentityResource.Grant(role: $0.role.rawValue, tenant: $0.tenant) }
        return .json(IdentityResource(name: asker.label, grants: grants))
    }

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        let asker = try context.requireOperator()
        let seen = store.operators().filter { asker.may(.operators, in: $0.tenant) }
        return try Page(seen, request, key: \.name).answer { OperatorResource($0) }
    }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        .json(OperatorResource(try find(context)))
    }

    @Sendable func put(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let asked = try await JSONBody.decode(OperatorResource.self, from: request)
        let name = try context.name("operator", matching: asked.name, member: "name")
        let role = try Self.role(asked.role)
        try context.requireOperator().requireMayGrant(role, in: asked.tenant)
        if store.operators().contains(where: { $0.name == name }) { _ = try find(context) }
        let (account, outcome) = try await store.putOperator(
            name,
            role: role,
            tenant: asked.tenant,
            isDisabled: asked.disabled,
            password: asked.password
        )
        return .json(OperatorResource(account), status: outcome.status)
    }

    @Sendable func delete(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        try await store.removeOperator(find(context).name)
        return .noContent
    }

    @Sendable func issueToken(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let asked = try await JSONBody.decode(OperatorTokenResource.self, from: request)
        let expiresAt = try asked.expiresAt.map { try WireTime.read($0, member: "expiresAt") }
        let issued = try await store.issueOperatorToken(find(context).name, expiresAt: expiresAt)
        return .json(OperatorTokenResource(issued, isSession: false), status: .created)
    }

    @Sendable func revokeToken(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        try await store.revokeOperatorToken(find(context).name, context.name("token"))
        return .noContent
    }

    /// Open to everybody, five times a minute from one address.
    @Sendable func logIn(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let asked = try await JSONBody.decode(LoginRequest.self, from: request, upTo: Self.largestLogin)
        let isPossible = asked.isPossible
        if let seconds = limit.refusal(name: isPossible ? asked.name : nil, address: context.address) {
            throw APIError(.tooManyRequests(seconds), "that are too many logins a minute; wait \(seconds) s")
        }
        guard isPossible else { throw refused(context) }
        let origin = ChangeOrigin(
            author: asked.name,
            address: context.address ?? "",
            request: "\(request.method.rawValue) \(request.uri.path)",
            isOwner: false
        )
        let issued = try await ChangeOrigin.$current.withValue(origin) {
            try await store.logIn(asked.name, password: asked.password)
        }
        guard let issued else { throw refused(context) }
        return .json(OperatorTokenResource(issued, isSession: true))
    }

    /// One answer, whatever was wrong.
    private func refused(_ context: AdminRequestContext) -> APIError {
        logger.warning("login refused", metadata: ["address": "\(context.address ?? "")"])
        return APIError(.unauthorized, "the name or the password is wrong")
    }

    /// An operator that the asker may manage; the others are as if they were not there.
    private func find(_ context: AdminRequestContext) throws -> OperatorDefinition {
        let name = try context.name("operator")
        let asker = try context.requireOperator()
        guard let found = store.operators().first(where: { $0.name == name }), asker.may(.operators, in: found.tenant)
        else { throw APIError(.notFound, "there is no operator \(name)", target: name) }
        try asker.requireMayGrant(found.role, in: found.tenant)
        return found
    }

    private static func role(_ text: String) throws(APIError) -> Role {
        guard let role = Role(rawValue: text.lowercased()), role.isOperators else {
            let known = Role.allCases.filter(\.isOperators).map(\.rawValue).joined(separator: ", ")
            throw APIError(.invalid, "\(text.debugDescription) is not one of \(known)", target: "role")
        }
        return role
    }
}

extension OperatorResource {
    init(_ account: OperatorDefinition) {
        self.init(name: account.name, role: account.role.rawValue, tenant: account.tenant, disabled: account.isDisabled)
        hasPassword = account.password != nil
        createdAt = WireTime.text(account.createdAt)
        tokens = account.tokens.map { token in
            OperatorTokenResource(
                id: token.id,
                expiresAt: token.expiresAt.map(WireTime.text),
                session: token.isSession
            )
        }
    }
}

extension LoginRequest {
    /// Whether an account can have this name and this password: of others nothing is remembered, and nothing is tried.
    fileprivate var isPossible: Bool { name.utf8.count <= 64 && password.utf8.count <= 1024 }
}

extension OperatorTokenResource {
    fileprivate init(_ issued: IssuedOperatorToken, isSession: Bool) {
        self.init(
            id: issued.id,
            expiresAt: issued.expiresAt.map(WireTime.text),
            session: isSession,
            token: issued.secret
        )
    }
}
