import HTTPTypes
import Hummingbird

/// Tells browsers, with every answer, to come back to this host only by HTTPS (RFC 6797), for two years.
struct StrictTransport: RouterMiddleware {
    typealias Context = AdminRequestContext

    static let policy = "max-age=63072000"

    func handle(
        _ request: Request,
        context: AdminRequestContext,
        next: @concurrent (Request, AdminRequestContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.strictTransportSecurity] = Self.policy
        return response
    }
}
