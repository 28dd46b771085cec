import ArgumentParser
import GatewayAPI

/// The command `gatehouse keys named update`.
struct NamedKeyUpdate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change what a named key may do; what is not given stays as it is."
    )

    @Argument(help: "tenant/key") var key: OwnedName
    @OptionGroup var terms: KeyTermOptions
    @Flag(help: "Open all endpoints.") var allEndpoints = false
    @Flag(help: "Allow all URL forms.") var allForms = false
    @Flag(help: "Never expire.") var noExpiry = false
    @Flag(help: "Allow all networks.") var everywhere = false
    @Flag(help: "Remove all limits and quotas, before those given here.") var clearLimits = false
    @OptionGroup var rules: RuleOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let updated: NamedKeyResource = try await admin.connect().change(key.url("keys")) { key in
            if allEndpoints { key.endpoints = nil }
            if allForms { key.forms = nil }
            if noExpiry { key.expiresAt = nil }
            if everywhere { key.allowedNetworks = [] }
            if clearLimits { (key.limits, key.quotas) = ([], []) }
            terms.change(&key)
            rules.merge(into: &key.limits, &key.quotas)
        }
        try output.show(updated)
    }
}
