import ArgumentParser
import GatewayAPI

/// The command `gatehouse tenants show`.
struct TenantShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one tenant.")

    @Argument(help: "The tenant.") var tenant: TenantName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try output.show(try await admin.connect().get(tenant.url, as: TenantResource.self))
    }
}
