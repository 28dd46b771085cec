import ArgumentParser

/// The commands `gatehouse webhooks …`.
struct Webhooks: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Webhooks: URLs that a tenant is told of events at.",
        subcommands: [WebhookAdd.self, WebhookList.self, WebhookTest.self, WebhookDeliveries.self, WebhookRemove.self]
    )
}
