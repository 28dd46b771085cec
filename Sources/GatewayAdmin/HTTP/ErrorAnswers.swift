import GatewayStore
import HTTPTypes
import Hummingbird
import Logging

/// Turns every error into a JSON body; what is not the caller's fault is logged and not shown.
struct ErrorAnswers: RouterMiddleware {
    typealias Context = AdminRequestContext

    let logger: Logger

    func handle(
        _ request: Request,
        context: AdminRequestContext,
        next: @concurrent (Request, AdminRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            if let error = error as? HiddenProblems {
                logger.error("a change was refused", metadata: ["reason": "\(StoreError.invalid(error.hidden))"])
                return error.shown.response
            }
            if let known = APIError(error) { return known.response }
            logger.error(
                "Admin request failed",
                metadata: [
                    "method": .string(request.method.rawValue), "path": .string(request.uri.path), "error": "\(error)",
                ]
            )
            return APIError(.failed, "the request failed; the gateway's log says why").response
        }
    }
}
