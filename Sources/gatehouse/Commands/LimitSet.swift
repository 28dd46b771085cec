import ArgumentParser
import GatewayAPI

/// The command `gatehouse limits set`.
struct LimitSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Set limits and quotas; one that counts the same thing is replaced, others stay."
    )

    @Argument(help: "tenant, tenant/endpoint or tenant/endpoint/deployment") var resource: LimitedName
    @OptionGroup var rules: RuleOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        if rules.isEmpty { throw ValidationError("give a limit or a quota; limits clear removes them") }
        let url = "\(resource.url)/limits"
        let set: LimitsResource = try await admin.connect().change(url) { rules.merge(into: &$0.limits, &$0.quotas) }
        try output.show(set)
    }
}
