import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Hummingbird
import Logging

/// Every route of the admin listener.
///
/// What is not here does not exist. Each names the permission that it needs, so that none is reached without one; open to
/// everybody are only `/healthz`, the login, the built-in issuer, Azure's metadata, and files behind a signed URL.
struct Routes: Sendable {
    let controlPlane: ControlPlane
    let logger: Logger

    func router() -> Router<AdminRequestContext> {
        let router = Router(context: AdminRequestContext.self)
        router.add(middleware: StrictTransport())
        router.add(middleware: ErrorAnswers(logger: logger))
        router.add(middleware: OperatorAuthentication(directory: directory))
        addOpen(to: router)
        for route in table + [MetricsRoute.route(controlPlane.collaborators.metrics)] {
            router.on(
                RouterPath(route.path),
                method: route.method,
                use: RouteGate(route: route, store: controlPlane.store).answer
            )
        }
        return router
    }

    /// Everything under `/api/v1`; what is beside it is for other programs than the API's clients.
    var table: [Route] {
        let routes =
            tenants + endpoints + deployments + keys + principals + trust + webhooks + limits + models + devices
            + captures + comparisons + gateway + operators
        return routes + [OpenAPIRoute.route(describing: routes)]
    }

    private var directory: OperatorDirectory {
        OperatorDirectory(
            token: controlPlane.operatorToken,
            store: controlPlane.store,
            verify: controlPlane.collaborators.verify
        )
    }

    private func addOpen(to router: Router<AdminRequestContext>) {
        router.get("/healthz") { _, _ in Response(status: .ok) }
        let issuer = IssuerRoutes(issuer: controlPlane.collaborators.issuer)
        for (method, path) in IssuerRoutes.open {
            router.on("/:tenant/\(path)", method: method, use: issuer.answer)
        }
        addAzureML(to: router)
    }
}

extension PutOutcome {
    var status: HTTPResponse.Status { self == .created ? .created : .ok }
}
