import ArgumentParser
import GatewayAPI

/// The command `gatehouse issuers list`.
struct IssuerList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the issuers that a tenant trusts."
    )

    @Argument(help: "The tenant.") var tenant: TenantName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let list: ResourceList<IssuerResource> = try await admin.connect().list("\(tenant.url)/issuers")
        try output.show(list.value)
    }
}
