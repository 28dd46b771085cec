import GatewayCore
import GatewayStore

/// Where the sender finds the webhooks as they are now.
struct WebhookSources: Sendable {
    /// All of the gateway; read often, so from memory.
    var definitions: @Sendable () -> [WebhookDefinition]
    /// URL, signing secret and resolved headers of one; an error must not hold a value of them.
    var target: @Sendable (WebhookName) async throws(StoreError) -> WebhookTarget
}
