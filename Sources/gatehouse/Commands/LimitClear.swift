import ArgumentParser
import GatewayAPI

/// The command `gatehouse limits clear`.
struct LimitClear: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "clear", abstract: "Remove all limits and quotas.")

    @Argument(help: "tenant, tenant/endpoint or tenant/endpoint/deployment") var resource: LimitedName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let cleared: LimitsResource = try await admin.connect().put("\(resource.url)/limits", LimitsResource())
        try output.show(cleared)
    }
}
