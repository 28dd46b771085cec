import ArgumentParser
import GatewayAPI

/// The command `gatehouse tenants create`.
struct TenantCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a tenant, if it is not there."
    )

    @Argument(help: "3 to 32 lower-case letters, digits and -.") var tenant: TenantName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let made: TenantResource = try await admin.connect().put(tenant.url, TenantResource(name: tenant.name))
        try output.show(made)
    }
}
