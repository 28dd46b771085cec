import ArgumentParser
import GatewayAPI

/// The command `gatehouse tenants resume`.
struct TenantResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Let a suspended tenant's keys, tokens and operators open again."
    )

    @Argument(help: "The tenant.") var tenant: TenantName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let resumed: TenantResource = try await admin.connect().post("\(tenant.url)/resume", Nothing())
        try output.show(resumed)
    }
}
