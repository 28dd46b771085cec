import ArgumentParser
import GatewayAPI

/// The command `gatehouse webhooks deliveries`.
struct WebhookDeliveries: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "Show what became of the last events for a webhook."
    )

    @Argument(help: "tenant/webhook") var webhook: OwnedName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let log: ResourceList<WebhookDeliveryResource> = try await admin.connect().get(
            "\(webhook.url("webhooks"))/deliveries"
        )
        try output.show(log.value)
    }
}
