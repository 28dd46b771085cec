import ArgumentParser
import GatewayAPI

/// The command `gatehouse tenants list`.
struct TenantList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show the tenants that you may see.")

    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let list: ResourceList<TenantResource> = try await admin.connect().list("/api/v1/tenants")
        try output.show(list.value)
    }
}
