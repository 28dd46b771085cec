import ArgumentParser
import GatewayAPI

/// The command `gatehouse limits show`.
struct LimitShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show limits and quotas, and what is left of them."
    )

    @Argument(help: "tenant, tenant/endpoint or tenant/endpoint/deployment") var resource: LimitedName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let limits: LimitsResource = try await admin.connect().get("\(resource.url)/limits")
        try output.show(limits)
        guard output.output == .table, let state = limits.state, !state.isEmpty else { return }
        print()
        try output.show(state)
    }
}
