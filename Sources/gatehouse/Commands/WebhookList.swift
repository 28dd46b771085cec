import ArgumentParser
import GatewayAPI

/// The command `gatehouse webhooks list`.
struct WebhookList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show a tenant's webhooks.")

    @Argument(help: "The tenant.") var tenant: TenantName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let list: ResourceList<WebhookResource> = try await admin.connect().list("\(tenant.url)/webhooks")
        try output.show(list.value)
    }
}
