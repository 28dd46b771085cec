import GatewayCore
import HTTPTypes
import Hummingbird

/// Default deny: nothing but the short list below and that of `IssuerRoutes` is answered without the operator's token.
struct OperatorAuthentication: RouterMiddleware {
    typealias Context = AdminRequestContext

    static let openPaths: Set<String> = ["/healthz"]

    private let token: KeyDigest

    init(token: String) {
        self.token = KeyDigest(of: token)
    }

    func handle(
        _ request: Request,
        context: AdminRequestContext,
        next: @concurrent (Request, AdminRequestContext) async throws -> Response
    ) async throws -> Response {
        let isOpen =
            Self.openPaths.contains(request.uri.path) || IssuerRoutes.isOpen(request.method, request.uri.path)
        guard isOpen || isOperator(request.headers[values: .authorization]) else {
            throw APIError(
                .unauthorized,
                "an operator token is needed: Authorization: Bearer <operator.token beside the store>"
            )
        }
        return try await next(request, context)
    }

    /// Exactly one credential, compared as digests: the time does not depend on where two tokens differ.
    private func isOperator(_ fields: [String]) -> Bool {
        guard fields.count == 1, let field = fields.first, field.prefix(7).lowercased() == "bearer " else {
            return false
        }
        return KeyDigest(of: String(field.dropFirst(7))) == token
    }
}
