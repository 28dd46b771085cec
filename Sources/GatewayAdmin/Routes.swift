import GatewayStore
import HTTPTypes
import Hummingbird
import Logging

/// Every route of the admin listener.
///
/// What is not here does not exist, and only `/healthz` is open without the operator's token.
struct Routes: Sendable {
    let controlPlane: ControlPlane
    let logger: Logger

    func router() -> Router<AdminRequestContext> {
        let router = Router(context: AdminRequestContext.self)
        router.add(middleware: ErrorAnswers(logger: logger))
        router.add(middleware: OperatorAuthentication(token: controlPlane.operatorToken))
        router.get("/healthz") { _, _ in Response(status: .ok) }

        let api = router.group("/api/v1")
        let tenants = TenantRoutes(store: controlPlane.store)
        api.get("/tenants", use: tenants.list)
        api.get("/tenants/:tenant", use: tenants.get)
        api.put("/tenants/:tenant", use: tenants.put)
        api.delete("/tenants/:tenant", use: tenants.delete)

        let endpoints = EndpointRoutes(controlPlane: controlPlane)
        api.get("/tenants/:tenant/endpoints", use: endpoints.list)
        api.get("/tenants/:tenant/endpoints/:endpoint", use: endpoints.get)
        api.put("/tenants/:tenant/endpoints/:endpoint", use: endpoints.put)
        api.delete("/tenants/:tenant/endpoints/:endpoint", use: endpoints.delete)

        let deployments = DeploymentRoutes(controlPlane: controlPlane)
        api.get("/tenants/:tenant/endpoints/:endpoint/deployments", use: deployments.list)
        api.get("/tenants/:tenant/endpoints/:endpoint/deployments/:deployment", use: deployments.get)
        api.put("/tenants/:tenant/endpoints/:endpoint/deployments/:deployment", use: deployments.put)
        api.delete("/tenants/:tenant/endpoints/:endpoint/deployments/:deployment", use: deployments.delete)

        let keys = KeyRoutes(store: controlPlane.store)
        api.get("/tenants/:tenant/endpoints/:endpoint/keys", use: keys.list)
        api.post("/tenants/:tenant/endpoints/:endpoint/keys/regenerate", use: keys.regenerate)

        let models = ModelRoutes(store: controlPlane.store)
        api.get("/tenants/:tenant/models", use: models.list)
        api.post("/tenants/:tenant/models", use: models.register)

        let certificates = CertificateRoutes(controlPlane: controlPlane)
        api.get("/certificates", use: certificates.list)
        api.post("/certificates", use: certificates.add)
        api.delete("/certificates/:host", use: certificates.remove)

        api.post("/apply", use: ApplyRoutes(store: controlPlane.store).apply)
        return router
    }
}

extension PutOutcome {
    var status: HTTPResponse.Status { self == .created ? .created : .ok }
}
