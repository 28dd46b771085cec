package import GatewayAPI
package import GatewayCore
import GatewayStore

extension WebhookDefinition {
    /// What a wire resource describes; the URL is the store's to judge.
    package init(_ resource: WebhookResource) throws(APIError) {
        let kinds = WebhookEvent.Kind.allCases.filter { $0 != .test }.map(\.rawValue)
        if let stranger = resource.events.first(where: { !kinds.contains($0) }) {
            let known = kinds.joined(separator: ", ")
            throw APIError(.invalid, "\(stranger.debugDescription) is not one of \(known)", target: "events")
        }
        if let hidden = resource.headers.first(where: { $0.value == WebhookResource.hidden }) {
            let message = "the value of \(hidden.key) is not shown and was not sent; write it again"
            throw APIError(.invalid, message, target: "headers")
        }
        self.init(
            tenant: resource.tenant,
            name: resource.name,
            url: resource.url,
            events: resource.events,
            headers: resource.headers.sorted { $0.key < $1.key }.map {
                UpstreamHeader(name: $0.key, value: $0.value)
            }
        )
    }
}

extension WebhookResource {
    init(_ webhook: WebhookDefinition, secret: String? = nil) {
        self.init(
            tenant: webhook.tenant,
            name: webhook.name,
            url: webhook.url,
            events: webhook.events,
            headers: Dictionary(
                webhook.headers.map { ($0.name, Self.hidden) },
                uniquingKeysWith: { first, _ in first }
            ),
            secret: secret
        )
    }
}

extension WebhookTestResource {
    init(_ answer: WebhookAnswer) {
        self.init(
            delivered: answer.isDelivered,
            status: answer.status,
            error: answer.error,
            milliseconds: answer.milliseconds
        )
    }
}

extension WebhookDeliveryResource {
    init(_ delivery: WebhookDelivery) {
        self.init(
            event: delivery.event,
            type: delivery.type,
            state: delivery.state.rawValue,
            tries: delivery.tries,
            createdAt: WireTime.precise(milliseconds: delivery.createdAt),
            updatedAt: WireTime.precise(milliseconds: delivery.updatedAt)
        )
        lastStatus = delivery.lastStatus
        lastError = delivery.lastError
        nextTryAt = delivery.nextTryAt.map(WireTime.precise(milliseconds:))
    }
}
