import ArgumentParser
import GatewayAPI

/// The command `gatehouse keys named create`.
struct NamedKeyCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a key for an application; its secret is shown only now."
    )

    @Argument(help: "tenant/key") var key: OwnedName
    @OptionGroup var terms: KeyTermOptions
    @OptionGroup var rules: RuleOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var resource = NamedKeyResource(tenant: key.tenant, name: key.name)
        terms.change(&resource)
        rules.merge(into: &resource.limits, &resource.quotas)
        let made: NamedKeyResource = try await admin.connect().post(key.list("keys"), resource)
        try output.show(made)
    }
}
