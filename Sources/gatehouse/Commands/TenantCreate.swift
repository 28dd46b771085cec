import ArgumentParser
import GatewayAPI

/// The command `gatehouse tenants create`.
struct TenantCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a tenant; one that is there is left as it is."
    )

    @Argument(help: "3 to 32 lower-case letters, digits and -, a letter first; no reserved word such as api.")
    var tenant: TenantName
    @Option(help: "A label: the Azure subscription that it stands for.") var subscription: String?
    @Option(help: "A label: the Azure resource group that it stands for.") var resourceGroup: String?
    @OptionGroup var queue: QueueWeightOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try admin.connect()
        if let known = try await client.find(tenant.url, as: TenantResource.self) { return try output.show(known) }
        var resource = TenantResource(name: tenant.name, subscription: subscription, resourceGroup: resourceGroup)
        if let weight = queue.queueWeight { resource.queueWeight = weight }
        let made: TenantResource = try await client.put(tenant.url, resource)
        try output.show(made)
    }
}
