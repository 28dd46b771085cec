import ArgumentParser
import GatewayAPI

/// The command `gatehouse models list`.
struct ModelList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show a tenant's models.")

    @Argument(help: "The tenant.") var tenant: TenantName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let list: ResourceList<ModelResource> = try await admin.connect().list("\(tenant.url)/models")
        try output.show(list.value)
    }
}
