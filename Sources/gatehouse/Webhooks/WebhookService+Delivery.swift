import GatewayCore
import GatewayStore
import Logging

extension WebhookService {
    private static let contentType = "application/json"
    private static let userAgent = "Gatehouse-Webhooks"
    /// What a custom header may not replace.
    private static let own: Set<String> = [
        "webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "content-length",
        "transfer-encoding",
        "host", "connection", "expect", "user-agent",
    ]

    /// One try of a delivery, written down.
    func deliver(_ delivery: PendingDelivery) async {
        guard sources.definitions().contains(where: { $0.fullName == delivery.webhook }),
            // Cancelled: whether it arrived is not known, so it is sent again after the next start.
            let answer = await send(delivery.body, identifier: delivery.event, to: delivery.webhook)
        else { return }
        let verdict = backoff.verdict(after: answer, tries: delivery.tries + 1, now: now())
        report(verdict, answer, delivery)
        await record(verdict, answer, delivery)
    }

    /// Signs and posts; `nil` when it was cancelled on the way.
    func send(_ body: String, identifier: String, to webhook: WebhookName) async -> WebhookAnswer? {
        let target: WebhookTarget
        do throws(StoreError) {
            target = try await sources.target(webhook)
        } catch {
            return WebhookAnswer(status: nil, error: "it cannot be sent: \(error)", milliseconds: 0)
        }
        guard let secret = WebhookSecret(target.secret) else {
            let problem = "its signing secret is not whsec_ and the base64 of 24 to 64 bytes"
            return WebhookAnswer(status: nil, error: problem, milliseconds: 0)
        }
        // Of this try, not of the event: receivers refuse what is older than a few minutes.
        let timestamp = now() / 1000
        let headers = [
            ("Content-Type", Self.contentType),
            ("User-Agent", Self.userAgent),
            ("webhook-id", identifier),
            ("webhook-timestamp", "\(timestamp)"),
            ("webhook-signature", secret.signature(identifier: identifier, timestamp: timestamp, body: body)),
        ]
        let custom = target.headers.filter { !Self.own.contains($0.name.lowercased()) }
        return await sender.post(
            body,
            to: target.url,
            headers + custom.map { ($0.name, $0.value) },
            reach: target.reach
        )
    }

    /// Tries until it is written: a delivery whose try is not written down would be sent again at once.
    private func record(
        _ verdict: DeliveryVerdict,
        _ answer: WebhookAnswer,
        _ delivery: PendingDelivery
    ) async {
        while true {
            do throws(StoreError) {
                return try await store.record(verdict, answer, of: delivery, now: now())
            } catch {
                logger.error("a webhook delivery cannot be written down", metadata: ["reason": "\(error)"])
                guard !Task.isCancelled else { return }
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func report(
        _ verdict: DeliveryVerdict,
        _ answer: WebhookAnswer,
        _ delivery: PendingDelivery
    ) {
        guard verdict == .failed else { return }
        logger.error(
            "a webhook delivery failed",
            metadata: [
                "tenant": "\(delivery.webhook.tenant)", "webhook": "\(delivery.webhook.name)",
                "event": "\(delivery.event)", "type": "\(delivery.type)", "tries": "\(delivery.tries + 1)",
                "reason": "\(answer.error ?? "")",
            ]
        )
    }
}
