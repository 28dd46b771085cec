import ArgumentParser
import GatewayAPI

/// The command `gatehouse operators set-role`.
struct OperatorSetRole: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set-role",
        abstract: "Give a local account another role, or the same one elsewhere."
    )

    @Argument(help: "The operator's name.") var account: AccountName
    @Option(help: "owner, admin, deployer, key-admin, reviewer or monitor.") var role: OperatorRole
    @Option(help: "Where the role counts; left out, everywhere.") var tenant: String?
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let changed: OperatorResource = try await admin.connect().change(account.url) { account in
            account.role = role.rawValue
            account.tenant = tenant
        }
        try output.show(changed)
    }
}
