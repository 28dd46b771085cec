import ArgumentParser
import GatewayAPI

/// The command `gatehouse keys named list`.
struct NamedKeyList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show a tenant's named keys.")

    @Argument(help: "The tenant.") var tenant: TenantName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let list: ResourceList<NamedKeyResource> = try await admin.connect().list("\(tenant.url)/keys")
        try output.show(list.value)
    }
}
