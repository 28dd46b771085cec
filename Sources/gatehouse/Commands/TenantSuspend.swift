import ArgumentParser
import GatewayAPI

/// The command `gatehouse tenants suspend`.
struct TenantSuspend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend",
        abstract: "Let a tenant's keys, tokens and operators open nothing; its resources stay."
    )

    @Argument(help: "The tenant.") var tenant: TenantName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let suspended: TenantResource = try await admin.connect().post("\(tenant.url)/suspend", Nothing())
        try output.show(suspended)
    }
}
