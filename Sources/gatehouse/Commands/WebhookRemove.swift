import ArgumentParser

/// The command `gatehouse webhooks remove`.
struct WebhookRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "Tell a URL of no more events.")

    @Argument(help: "tenant/webhook") var webhook: OwnedName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await admin.connect().delete(webhook.url("webhooks"))
        try output.show(Removal(resource: webhook.text))
    }
}
