import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// What `…/limits` answers behind a tenant, an endpoint, a deployment and a named key: their rules, and what is left of them.
struct LimitRoutes: Sendable {
    let controlPlane: ControlPlane

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        try await answer(LimitSubject(context, controlPlane.store))
    }

    @Sendable func put(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let asked = try await JSONBody.decode(LimitsResource.self, from: request)
        return try await set(UsageRules(limits: asked.limits, quotas: asked.quotas), context)
    }

    @Sendable func delete(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        try await set(.none, context)
    }

    private func set(_ rules: UsageRules, _ context: AdminRequestContext) async throws -> Response {
        let store = controlPlane.store
        try await store.setRules(rules, of: LimitSubject(context, store).resource)
        return try await answer(LimitSubject(context, store))
    }

    private func answer(_ subject: LimitSubject) async throws -> Response {
        let rules = subject.rules
        return .json(
            LimitsResource(
                resource: subject.path,
                limits: rules.limitResources,
                quotas: rules.quotaResources,
                state: await controlPlane.collaborators.limitStatus(subject.counted)
            )
        )
    }
}

/// What limits are on, as the URL names it.
private enum LimitSubject {
    case tenant(TenantDefinition)
    case endpoint(EndpointDefinition)
    case deployment(DeploymentDefinition)
    case key(NamedKey)

    init(_ context: AdminRequestContext, _ store: Store) throws {
        let tenant = try context.name("tenant")
        let (endpoint, deployment) = (context.parameters.get("endpoint"), context.parameters.get("deployment"))
        if let key = context.parameters.get("key") {
            self = .key(try store.namedKey(tenant, key))
        } else if let endpoint, let deployment {
            self = .deployment(try store.deployment(tenant, endpoint, deployment))
        } else if let endpoint {
            self = .endpoint(try store.endpoint(tenant, endpoint))
        } else {
            self = .tenant(try store.tenant(tenant))
        }
    }

    var rules: UsageRules {
        switch self {
        case .tenant(let tenant): tenant.rules
        case .endpoint(let endpoint): endpoint.rules
        case .deployment(let deployment): deployment.rules
        case .key(let key): key.rules
        }
    }

    var path: String {
        switch self {
        case .tenant(let tenant): tenant.path
        case .endpoint(let endpoint): endpoint.path
        case .deployment(let deployment): deployment.path
        case .key(let key): key.label
        }
    }

    var resource: RuledResource {
        switch self {
        case .tenant(let tenant): .tenant(tenant.name)
        case .endpoint(let endpoint): .endpoint(tenant: endpoint.tenant, endpoint: endpoint.name)
        case .deployment(let deployment):
            .deployment(tenant: deployment.tenant, endpoint: deployment.endpoint, deployment: deployment.name)
        case .key(let key): .namedKey(tenant: key.tenant, key: key.name)
        }
    }

    var counted: UsageSubject {
        switch self {
        case .tenant(let tenant): .tenant(tenant.name)
        case .endpoint(let endpoint): .endpoint(tenant: endpoint.tenant, endpoint: endpoint.name)
        case .deployment(let deployment):
            .deployment(tenant: deployment.tenant, endpoint: deployment.endpoint, deployment: deployment.name)
        case .key(let key): .caller(tenant: key.tenant, label: key.label)
        }
    }
}
