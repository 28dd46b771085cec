import GatewayCore
import GatewayStore
import Synchronization

extension WebhookService {
    private static let mostTests = 8

    /// Sends a `webhook.test` event now, once, and says what was answered; it shows in the delivery log.
    func test(tenant: String, name: String) async throws(StoreError) -> WebhookAnswer {
        let webhook = WebhookName(tenant: tenant, name: name)
        guard sources.definitions().contains(where: { $0.fullName == webhook }) else {
            throw .notFound(resource: "\(tenant)/webhooks/\(name)")
        }
        guard beginTest() else {
            return WebhookAnswer(
                status: nil,
                error: "\(Self.mostTests) tests run already; try again",
                milliseconds: 0
            )
        }
        defer { tests.withLock { $0 -= 1 } }
        let event = WebhookEvent(.test, tenant: tenant, time: now(), data: ["webhook": name])
        let answer =
            await send(event.body, identifier: event.identifier, to: webhook)
            ?? WebhookAnswer(status: nil, error: "the test was cancelled", milliseconds: 0)
        try await store.log(event, to: webhook, answer, now: now())
        return answer
    }

    private func beginTest() -> Bool {
        tests.withLock { count in
            guard count < Self.mostTests else { return false }
            count += 1
            return true
        }
    }
}
