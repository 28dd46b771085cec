import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// What `/api/v1/apply` answers.
struct ApplyRoutes: Sendable {
    let store: Store
    let operations: Operations
    let azure: AzureDialect

    @Sendable func apply(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let asked = try await JSONBody.decode(ApplyRequest.self, from: request)
        try ApplyPermissions(asker: context.requireOperator(), store: store).check(asked)
        let credentials = try CredentialDocuments(asked)
        let maker = DeploymentMaker(store: store, azure: azure, asker: try context.requireOperator())
        let documents = try await documents(asked, maker)
        try credentials.rehearse(beside: documents, in: store)
        guard !asked.dryRun else {
            let planned = try await store.apply(documents, prune: asked.prune, dryRun: true)
            return .json(ApplyResult(changes: planned.map(\.told) + credentials.changes(in: store), dryRun: true))
        }
        let plan = OperationPlan(
            applying: documents.deployments,
            documents.endpoints,
            tenants: asked.tenantNames.sorted(),
            over: store.definitions
        )
        let (changes, operation) = try await operations.perform(plan) {
            let applied = try await store.apply(documents, prune: asked.prune, dryRun: false)
            return try await finish(asked, applied.map(\.told), credentials)
        }
        return .json(ApplyResult(changes: changes, dryRun: false, operation: operation.id)).following(operation)
    }

    /// What is no part of the configuration's one change: what is made with a secret.
    private func finish(
        _ asked: ApplyRequest,
        _ applied: [ApplyResult.Change],
        _ credentials: CredentialDocuments
    ) async throws -> [ApplyResult.Change] {
        var changes = applied
        try await show(&changes, webhooks: asked.webhooks)
        return changes + (try await credentials.apply(to: store))
    }

    private func documents(_ asked: ApplyRequest, _ maker: DeploymentMaker) async throws -> ApplyDocuments {
        var documents = ApplyDocuments()
        for tenant in asked.tenants {
            documents.tenants.append(try TenantDefinition(tenant))
            documents.suspensions[tenant.name] = tenant.suspended
        }
        for endpoint in asked.endpoints { documents.endpoints.append(try EndpointDefinition(endpoint)) }
        for deployment in asked.deployments { documents.add(try await maker.make(deployment)) }
        documents.issuers = asked.issuers.map(TrustedIssuer.init)
        for role in asked.roles { documents.roles.append(try RoleAssignment(role)) }
        for webhook in asked.webhooks { documents.webhooks.append(try WebhookDefinition(webhook)) }
        // A tenant that only keys and principals name is made too; one that is there keeps its settings.
        let known = Set(store.tenants().map(\.name) + documents.tenants.map(\.name))
        for name in Set(asked.keys.map(\.tenant) + asked.principals.map(\.tenant)).subtracting(known).sorted() {
            documents.tenants.append(TenantDefinition(name: name))
        }
        return documents
    }

    /// A webhook that was made is told with its signing secret.
    private func show(_ changes: inout [ApplyResult.Change], webhooks: [WebhookResource]) async throws {
        for webhook in webhooks {
            let path = "\(webhook.tenant)/webhooks/\(webhook.name)"
            guard let index = changes.firstIndex(where: { $0.resource == path && $0.action == "created" }) else {
                continue
            }
            changes[index].secret = try await store.webhookSecret(webhook.tenant, webhook.name)
        }
    }
}

extension ApplyDocuments {
    fileprivate mutating func add(_ made: DeploymentMaker.Made) {
        deployments.append(made.definition)
        if made.isOwners { ownersWord.insert(made.definition.path) }
        // Two deployments may describe the same file.
        if let model = made.model, !models.contains(model) { models.append(model) }
    }
}

extension Change {
    fileprivate var told: ApplyResult.Change {
        ApplyResult.Change(action: action.rawValue, resource: resource, fields: fields)
    }
}
