import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// What `/api/v1/tenants/{tenant}/endpoints/{endpoint}/deployments` answers.
struct DeploymentRoutes: Sendable {
    let controlPlane: ControlPlane

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let (tenant, endpoint) = (try context.name("tenant"), try context.name("endpoint"))
        let unserved = try await controlPlane.store.unservedDeployments(of: tenant, endpoint)
        // Read after the others: one that was made again meanwhile is here.
        let served = try controlPlane.store.deployments(of: tenant, endpoint)
        let names = Set(served.map(\.name))
        let found = served.map(Shown.served) + unserved.filter { !names.contains($0.name) }.map(Shown.unserved)
        let isShown = try maySeeValues(context)
        return try Page(found.sorted { $0.name < $1.name }, request, key: \.name).answer {
            resource($0, withValues: isShown)
        }
    }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        .json(resource(try await find(context), withValues: try maySeeValues(context)))
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
        let store = controlPlane.store
        let unserved = try await store.unservedDeployments(of: definition.tenant, definition.endpoint)
        let isReplaced = unserved.contains { $0.name == definition.name }
        let isNew = !isReplaced && !store.definitions.deployments.contains { $0.path == definition.path }
        let plan = OperationPlan(putting: definition, isNew: isNew)
        let (outcome, operation) = try await controlPlane.operations.perform(plan) {
            try await store.putDeployment(
                definition,
                isOwners: made.isOwners,
                registering: made.model
            )
        }
        let status = isReplaced ? .ok : outcome.status
        return .json(resource(.served(definition), withValues: true), status: status).following(operation)
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

    /// The last lines of the deployment's log: `?tail=` of them, 50 by default; of a native one with `?instance=` those of one
    /// worker.
    @Sendable func logs(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let found = try await find(context)
        let asked = request.uri.queryParameters["tail"].map(String.init)
        let tail = asked.map { Int($0) ?? 0 } ?? Self.usualTail
        guard (1...Self.longestTail).contains(tail) else {
            throw APIError(.invalid, "tail must be 1 to \(Self.longestTail)", target: "tail")
        }
        let instance = try Self.instance(request, of: found)
        return .json(ResourceList(await controlPlane.collaborators.deploymentLogs(found.path, instance, tail)))
    }

    /// The number of a worker.
    private static func instance(_ request: Request, of deployment: Shown) throws -> Int? {
        guard let asked = request.uri.queryParameters["instance"].map(String.init) else { return nil }
        guard case .served(let definition) = deployment, case .native = definition.serving else {
            throw APIError(.invalid, "only a native deployment has workers, which have numbers", target: "instance")
        }
        guard let number = Int(asked), (0...lastInstance).contains(number) else {
            throw APIError(.invalid, "instance must be 0 to \(lastInstance)", target: "instance")
        }
        return number
    }

    /// Answers with the deployment as soon as a worker is wanted; it need not be ready yet.
    @Sendable func warm(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let found = try await find(context)
        guard case .served(let definition) = found, case .native = definition.serving else {
            throw APIError(.invalid, "only a native deployment has workers to start", target: "deployment")
        }
        try await controlPlane.collaborators.warm(definition.path)
        return .json(resource(found, withValues: try maySeeValues(context)))
    }

    private static let usualTail = 50
    private static let longestTail = 1000
    /// No deployment has more workers.
    private static let lastInstance = 999

    /// Headers and variables may hold a backend's credentials: only who sets them sees them.
    private func maySeeValues(_ context: AdminRequestContext) throws -> Bool {
        try context.requireOperator().may(.deployments, in: context.name("tenant"))
    }

    /// One that is served, or that nothing serves.
    private enum Shown {
        case served(DeploymentDefinition)
        case unserved(UnservedDeployment)

        var name: String {
            switch self {
            case .served(let deployment): deployment.name
            case .unserved(let deployment): deployment.name
            }
        }

        var path: String {
            switch self {
            case .served(let deployment): deployment.path
            case .unserved(let deployment): "\(deployment.tenant)/\(deployment.endpoint)/\(deployment.name)"
            }
        }
    }

    private func find(_ context: AdminRequestContext) async throws -> Shown {
        let (tenant, endpoint) = (try context.name("tenant"), try context.name("endpoint"))
        let name = try context.name("deployment")
        if let unserved = try await controlPlane.store.unservedDeployment(tenant, endpoint, name) {
            return .unserved(unserved)
        }
        return .served(try controlPlane.store.deployment(tenant, endpoint, name))
    }

    private func resource(_ deployment: Shown, withValues: Bool) -> DeploymentResource {
        var resource: DeploymentResource
        switch deployment {
        case .served(let definition): resource = self.resource(definition)
        case .unserved(let unserved): resource = DeploymentResource(unserved)
        }
        if !withValues {
            resource.environmentVariables = resource.environmentVariables.mapValues { _ in Self.hidden }
            let headers = resource.upstream?.headers ?? [:]
            resource.upstream?.headers = headers.mapValues { _ in Self.hidden }
        }
        return resource
    }

    private func resource(_ deployment: DeploymentDefinition) -> DeploymentResource {
        var resource = DeploymentResource(deployment)
        let state = controlPlane.operations.provisioningState(of: deployment.path)
        resource.provisioningState = state.rawValue
        if state == .failed {
            resource.failure = controlPlane.operations.latest(of: deployment.path)?.failure?.message
        }
        resource.isReady = controlPlane.isReady(deployment.path)
        resource.instances = controlPlane.collaborators.instances(deployment.path)
        resource.pool = pool(of: deployment)
        resource.effective = deployment.effectiveValues
        return resource
    }

    private func pool(of deployment: DeploymentDefinition) -> PoolResource? {
        var pool = controlPlane.collaborators.pool(deployment.path)
        let price = deployment.instanceType.flatMap(controlPlane.collaborators.pricePerHour)
        let instances = Int64(pool?.instances ?? 0)
        pool?.costPerHour = price.map { Money(millionths: $0.millionths * instances) }
        return pool
    }

    /// In the place of a value.
    static let hidden = "(not shown)"
}
