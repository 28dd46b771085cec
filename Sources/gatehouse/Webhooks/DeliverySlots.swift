import GatewayStore

/// Which deliveries are being sent, and for whom there is room: a receiver that hangs, or a tenant with many such, does not
/// hold the others.
struct DeliverySlots {
    private static let mostPerWebhook = 4
    private static let mostPerTenant = 8
    private static let most = 32

    /// The deliveries that are being sent, by their numbers.
    private(set) var running: [Int64: WebhookName] = [:]
    private var lastServed: [WebhookName: UInt64] = [:]
    private var served: UInt64 = 0

    /// The webhooks that may get deliveries now, those first that waited longest.
    func openings(for webhooks: [WebhookName]) -> [WebhookStore.Opening] {
        guard running.count < Self.most else { return [] }
        return
            webhooks
            .sorted { lastServed[$0, default: 0] < lastServed[$1, default: 0] }
            .map { WebhookStore.Opening(webhook: $0, count: room(for: $0)) }
            .filter { $0.count > 0 }
    }

    /// Returns false when there is no room; more may be due than can run.
    mutating func take(_ delivery: PendingDelivery) -> Bool {
        guard running[delivery.id] == nil, room(for: delivery.webhook) > 0 else { return false }
        running[delivery.id] = delivery.webhook
        served += 1
        lastServed[delivery.webhook] = served
        return true
    }

    mutating func release(_ delivery: PendingDelivery) {
        running[delivery.id] = nil
    }

    /// Forgets webhooks that are gone.
    mutating func keep(only webhooks: Set<WebhookName>) {
        lastServed = lastServed.filter { webhooks.contains($0.key) }
    }

    private func room(for webhook: WebhookName) -> Int {
        let ofWebhook = running.values.count { $0 == webhook }
        let ofTenant = running.values.count { $0.tenant == webhook.tenant }
        return min(
            Self.mostPerWebhook - ofWebhook,
            Self.mostPerTenant - ofTenant,
            Self.most - running.count
        )
    }
}
