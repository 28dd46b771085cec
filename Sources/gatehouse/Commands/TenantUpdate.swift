import ArgumentParser
import GatewayAPI

/// The command `gatehouse tenants update`.
struct TenantUpdate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change a tenant's labels and queue weight; limits have a command of their own."
    )

    @Argument(help: "The tenant.") var tenant: TenantName
    @Option(help: "The Azure subscription; an empty text removes it.") var subscription: String?
    @Option(help: "The Azure resource group; an empty text removes it.") var resourceGroup: String?
    @OptionGroup var queue: QueueWeightOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let updated: TenantResource = try await admin.connect().change(tenant.url) { tenant in
            if let subscription { tenant.subscription = subscription.isEmpty ? nil : subscription }
            if let resourceGroup { tenant.resourceGroup = resourceGroup.isEmpty ? nil : resourceGroup }
            if let weight = queue.queueWeight { tenant.queueWeight = weight }
        }
        try output.show(updated)
    }
}
