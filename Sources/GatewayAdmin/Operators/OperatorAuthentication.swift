import GatewayCore
import GatewayStore
import HTTPTypes
import Hummingbird

/// Default deny: nothing but the short list below and that of `IssuerRoutes` is answered without an operator's credential.
struct OperatorAuthentication: RouterMiddleware {
    typealias Context = AdminRequestContext

    /// What needs no credential, by method and path.
    private static let open: Set<String> = ["GET /healthz", "POST /api/v1/login"]
    /// As on the data plane: the credentials after the first 20 wrong ones of a minute are answered late.
    private static let delay = Duration.milliseconds(500)

    private static let missing =
        "an operator's token is needed: Authorization: Bearer TOKEN (operator.token beside the store is one)"
    /// The same for every one, whether it is of an operator or was: a guess must teach nothing.
    private static let refused =
        "the token given is not accepted; log in again, or give another: Authorization: Bearer TOKEN"

    private let directory: OperatorDirectory
    private let failures = FailureMeter()
    private let started = ContinuousClock.now

    init(directory: OperatorDirectory) {
        self.directory = directory
    }

    func handle(
        _ request: Request,
        context: AdminRequestContext,
        next: @concurrent (Request, AdminRequestContext) async throws -> Response
    ) async throws -> Response {
        if Self.isOpen(request.method, request.uri.path) || AzureRoutes.isOpen(request) {
            return try await next(request, context)
        }
        guard let found = await directory.identify(request.headers[values: .authorization]) else {
            await slowDown(context.address)
            throw APIError(.unauthorized, request.headers[.authorization] == nil ? Self.missing : Self.refused)
        }
        var context = context
        context.operator = found
        return try await next(request, context)
    }

    static func isOpen(_ method: HTTPRequest.Method, _ path: String) -> Bool {
        open.contains("\(method.rawValue) \(path)") || IssuerRoutes.isOpen(method, path)
    }

    private func slowDown(_ address: String?) async {
        guard let address = address.flatMap({ IPAddress($0) }) else { return }
        let uptime = (ContinuousClock.now - started).components
        let now = Moment(
            uptime: uptime.seconds * 1_000_000_000 + uptime.attoseconds / 1_000_000_000,
            wall: WallClock.seconds
        )
        if failures.isOverLimit(address, at: now) { try? await Task.sleep(for: Self.delay) }
    }
}
