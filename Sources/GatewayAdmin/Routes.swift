import GatewayStore
import HTTPTypes
import Hummingbird
import Logging

/// Every route of the admin listener.
///
/// What is not here does not exist, and only `/healthz` and the built-in issuer are open without the operator's token.
struct Routes: Sendable {
    private typealias Group = RouterGroup<AdminRequestContext>

    let controlPlane: ControlPlane
    let logger: Logger

    func router() -> Router<AdminRequestContext> {
        let router = Router(context: AdminRequestContext.self)
        router.add(middleware: ErrorAnswers(logger: logger))
        router.add(middleware: OperatorAuthentication(token: controlPlane.operatorToken))
        router.get("/healthz") { _, _ in Response(status: .ok) }
        let issuer = IssuerRoutes(issuer: controlPlane.collaborators.issuer)
        for (method, path) in IssuerRoutes.open {
            router.on("/:tenant/\(path)", method: method, use: issuer.answer)
        }

        let api = router.group("/api/v1")
        addTenants(to: api)
        let tenant = api.group("/tenants/:tenant")
        addEndpoints(to: tenant)
        addKeys(to: tenant)
        addTokens(to: tenant)
        addWebhooks(to: tenant)
        addLimits(to: tenant)

        let models = ModelRoutes(store: controlPlane.store)
        tenant.get("/models", use: models.list)
        tenant.post("/models", use: models.register)

        let certificates = CertificateRoutes(controlPlane: controlPlane)
        api.get("/certificates", use: certificates.list)
        api.post("/certificates", use: certificates.add)
        api.delete("/certificates/:host", use: certificates.remove)

        api.post("/apply", use: ApplyRoutes(store: controlPlane.store).apply)
        return router
    }

    private func addTenants(to api: Group) {
        let tenants = TenantRoutes(store: controlPlane.store, receipts: controlPlane.receipts)
        api.get("/tenants", use: tenants.list)
        api.get("/tenants/:tenant", use: tenants.get)
        api.put("/tenants/:tenant", use: tenants.put)
        api.delete("/tenants/:tenant", use: tenants.delete)
        api.post("/tenants/:tenant/suspend", use: tenants.suspend)
        api.post("/tenants/:tenant/resume", use: tenants.resume)
    }

    private func addEndpoints(to tenant: Group) {
        let endpoints = EndpointRoutes(controlPlane: controlPlane)
        tenant.get("/endpoints", use: endpoints.list)
        tenant.get("/endpoints/:endpoint", use: endpoints.get)
        tenant.put("/endpoints/:endpoint", use: endpoints.put)
        tenant.delete("/endpoints/:endpoint", use: endpoints.delete)
        tenant.put("/endpoints/:endpoint/maintenance", use: endpoints.startMaintenance)
        tenant.delete("/endpoints/:endpoint/maintenance", use: endpoints.endMaintenance)

        let traffic = TrafficRoutes(store: controlPlane.store)
        tenant.get("/endpoints/:endpoint/traffic", use: traffic.get)
        tenant.put("/endpoints/:endpoint/traffic", use: traffic.put)

        let deployments = DeploymentRoutes(controlPlane: controlPlane)
        tenant.get("/endpoints/:endpoint/deployments", use: deployments.list)
        tenant.get("/endpoints/:endpoint/deployments/:deployment", use: deployments.get)
        tenant.put("/endpoints/:endpoint/deployments/:deployment", use: deployments.put)
        tenant.delete("/endpoints/:endpoint/deployments/:deployment", use: deployments.delete)
        tenant.get("/endpoints/:endpoint/deployments/:deployment/logs", use: deployments.logs)
    }

    private func addKeys(to tenant: Group) {
        let pairs = KeyRoutes(store: controlPlane.store)
        tenant.get("/endpoints/:endpoint/keys", use: pairs.list)
        tenant.post("/endpoints/:endpoint/keys/regenerate", use: pairs.regenerate)

        let keys = NamedKeyRoutes(store: controlPlane.store, receipts: controlPlane.receipts)
        tenant.get("/keys", use: keys.list)
        tenant.post("/keys", use: keys.create)
        tenant.get("/keys/:key", use: keys.get)
        tenant.put("/keys/:key", use: keys.put)
        tenant.post("/keys/:key/rotate", use: keys.rotate)
        tenant.delete("/keys/:key", use: keys.revoke)
    }

    private func addTokens(to tenant: Group) {
        let principals = PrincipalRoutes(store: controlPlane.store)
        tenant.get("/principals", use: principals.list)
        tenant.post("/principals", use: principals.create)
        tenant.get("/principals/:principal", use: principals.get)
        tenant.put("/principals/:principal", use: principals.put)
        tenant.delete("/principals/:principal", use: principals.delete)
        tenant.post("/principals/:principal/secrets", use: principals.addSecret)
        tenant.delete("/principals/:principal/secrets/:secret", use: principals.removeSecret)

        let issuers = TrustedIssuerRoutes(store: controlPlane.store)
        tenant.get("/issuers", use: issuers.list)
        tenant.get("/issuers/:issuer", use: issuers.get)
        tenant.put("/issuers/:issuer", use: issuers.put)
        tenant.delete("/issuers/:issuer", use: issuers.delete)

        let roles = RoleRoutes(store: controlPlane.store)
        tenant.get("/roles", use: roles.list)
        tenant.get("/roles/:role", use: roles.get)
        tenant.put("/roles/:role", use: roles.put)
        tenant.delete("/roles/:role", use: roles.delete)
    }

    private func addWebhooks(to tenant: Group) {
        let webhooks = WebhookRoutes(controlPlane: controlPlane)
        tenant.get("/webhooks", use: webhooks.list)
        tenant.get("/webhooks/:webhook", use: webhooks.get)
        tenant.put("/webhooks/:webhook", use: webhooks.put)
        tenant.delete("/webhooks/:webhook", use: webhooks.delete)
        tenant.post("/webhooks/:webhook/test", use: webhooks.test)
        tenant.get("/webhooks/:webhook/deliveries", use: webhooks.deliveries)
    }

    private func addLimits(to tenant: Group) {
        let limits = LimitRoutes(controlPlane: controlPlane)
        for owner: RouterPath in [
            "/limits", "/endpoints/:endpoint/limits", "/endpoints/:endpoint/deployments/:deployment/limits",
            "/keys/:key/limits",
        ] {
            tenant.get(owner, use: limits.get)
            tenant.put(owner, use: limits.put)
            tenant.delete(owner, use: limits.delete)
        }
        tenant.get("/usage", use: UsageRoutes(controlPlane: controlPlane).report)
    }
}

extension PutOutcome {
    var status: HTTPResponse.Status { self == .created ? .created : .ok }
}
