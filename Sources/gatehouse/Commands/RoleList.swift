import ArgumentParser
import GatewayAPI

/// The command `gatehouse roles list`.
struct RoleList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show a tenant's role assignments.")

    @Argument(help: "The tenant.") var tenant: TenantName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let list: ResourceList<RoleResource> = try await admin.connect().list("\(tenant.url)/roles")
        try output.show(list.value)
    }
}
