import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// What `/api/v1/tenants/{tenant}/endpoints/{endpoint}/deployments` answers.
struct DeploymentRoutes: Sendable {
    let controlPlane: ControlPlane

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        let found = try controlPlane.store.deployments(of: context.name("tenant"), context.name("endpoint"))
        let isShown = try maySeeValues(context)
        return try Page(found, request, key: \.name).answer { resource($0, withValues: isShown) }
    }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        let found = try controlPlane.store.deployment(
            context.name("tenant"),
            context.name("endpoint"),
            context.name("deployment")
        )
        return .json(resource(found, withValues: try maySeeValues(context)))
    }

    /// Stored and served when it is answered; the operation ends when an instance is ready.
    @Sendable func put(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        var deployment = try await JSONBody.decode(DeploymentResource.self, from: request)
        deployment.tenant = try context.name("tenant", matching: deployment.tenant, member: "tenant")
        deployment.endpoint = try context.name("endpoint", matching: deployment.endpoint, member: "endpoint")
        deployment.name = try context.name("deployment", matching: deployment.name, member: "name")
        let asker = try context.requireOperator()
        let maker = DeploymentMaker(store: controlPlane.store, azure: controlPlane.azure, asker: asker)
        let made = try await maker.make(deployment)
        let definition = made.definition
        let isNew = !controlPlane.store.definitions.deployments.contains { $0.path == definition.path }
        let plan = OperationPlan(putting: definition, isNew: isNew)
        let (outcome, operation) = try await controlPlane.operations.perform(plan) {
            try await controlPlane.store.putDeployment(
                definition,
                isOwners: made.isOwners,
                registering: made.model
            )
        }
        return .json(resource(definition, withValues: true), status: outcome.status).following(operation)
    }

    @Sendable func delete(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let (tenant, endpoint) = (try context.name("tenant"), try context.name("endpoint"))
        let name = try context.name("deployment")
        let plan = OperationPlan(deleting: "\(tenant)/\(endpoint)/\(name)", of: tenant)
        let (_, operation) = try await controlPlane.operations.perform(plan) {
            try await controlPlane.store.deleteDeployment(tenant, endpoint, name)
        }
        return .noContent.following(operation)
    }

    /// The last lines of the deployment's log: `?tail=` of them, 50 by default.
    @Sendable func logs(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let found = try controlPlane.store.deployment(
            context.name("tenant"),
            context.name("endpoint"),
            context.name("deployment")
        )
        let asked = request.uri.queryParameters["tail"].map(String.init)
        let tail = asked.map { Int($0) ?? 0 } ?? Self.usualTail
        guard (1...Self.longestTail).contains(tail) else {
            throw APIError(.invalid, "tail must be 1 to \(Self.longestTail)", target: "tail")
        }
        let path = "\(found.tenant)/\(found.endpoint)/\(found.name)"
        return .json(ResourceList(await controlPlane.collaborators.deploymentLogs(path, tail)))
    }

    private static let usualTail = 50
    private static let longestTail = 1000

    /// Headers and variables may hold a backend's credentials: only who sets them sees them.
    private func maySeeValues(_ context: AdminRequestContext) throws -> Bool {
        try context.requireOperator().may(.deployments, in: context.name("tenant"))
    }

    private func resource(_ deployment: DeploymentDefinition, withValues: Bool) -> DeploymentResource {
        var resource = DeploymentResource(deployment)
        if !withValues {
            resource.environmentVariables = resource.environmentVariables.mapValues { _ in Self.hidden }
            let headers = resource.upstream?.headers ?? [:]
            resource.upstream?.headers = headers.mapValues { _ in Self.hidden }
        }
        resource.provisioningState = controlPlane.operations.provisioningState(of: deployment.path).rawValue
        resource.isReady = controlPlane.isReady(deployment.path)
        resource.instances = controlPlane.collaborators.instances(deployment.path)
        resource.effective = deployment.effectiveValues
        return resource
    }

    /// In the place of a value.
    static let hidden = "(not shown)"
}
