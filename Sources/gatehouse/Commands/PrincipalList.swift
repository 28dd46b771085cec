import ArgumentParser
import GatewayAPI

/// The command `gatehouse principals list`.
struct PrincipalList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show a tenant's principals.")

    @Argument(help: "The tenant.") var tenant: TenantName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let list: ResourceList<PrincipalResource> = try await admin.connect().list("\(tenant.url)/principals")
        try output.show(list.value)
    }
}
