import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// What `/api/v1/tenants/{tenant}/webhooks` answers.
struct WebhookRoutes: Sendable {
    let controlPlane: ControlPlane

    private var store: Store { controlPlane.store }

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        try Page(store.webhooks(of: context.name("tenant")), request, key: \.name).answer { WebhookResource($0) }
    }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        .json(WebhookResource(try find(context)))
    }

    /// The answer to the PUT that makes one has its signing secret.
    @Sendable func put(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        var webhook = try await JSONBody.decode(WebhookResource.self, from: request)
        webhook.tenant = try context.name("tenant", matching: webhook.tenant, member: "tenant")
        webhook.name = try context.name("webhook", matching: webhook.name, member: "name")
        let definition = try WebhookDefinition(webhook)
        let outcome = try await store.putWebhook(definition)
        let isNew = outcome == .created
        let secret = isNew ? try await store.webhookSecret(definition.tenant, definition.name) : nil
        return .json(WebhookResource(definition, secret: secret), status: outcome.status)
    }

    @Sendable func delete(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        try await store.deleteWebhook(context.name("tenant"), context.name("webhook"))
        return .noContent
    }

    @Sendable func test(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let webhook = try find(context)
        let answer = try await controlPlane.collaborators.webhookTest(webhook.tenant, webhook.name)
        return .json(WebhookTestResource(answer))
    }

    @Sendable func deliveries(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let webhook = try find(context)
        let log = try await controlPlane.collaborators.webhookDeliveries(webhook.tenant, webhook.name)
        return try Page(log, request, key: { "\($0.event)" }).answer(WebhookDeliveryResource.init)
    }

    private func find(_ context: AdminRequestContext) throws -> WebhookDefinition {
        try store.webhook(context.name("tenant"), context.name("webhook"))
    }
}
