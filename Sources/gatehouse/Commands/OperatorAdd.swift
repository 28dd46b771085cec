import ArgumentParser
import GatewayAPI

/// The command `gatehouse operators add`.
struct OperatorAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Make a local account."
    )

    @Argument(help: "A name: 3 to 64 letters, digits, '.', '_', '-' and '@'.") var account: AccountName
    @Option(help: "owner, admin, deployer, key-admin, reviewer or monitor.") var role: OperatorRole
    @Option(help: "Where the role counts; left out, everywhere.") var tenant: String?
    @Flag(help: "Ask for a password, 12 to 256 characters; without one only tokens open it.") var password = false
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var resource = OperatorResource(name: account.name, role: role.rawValue, tenant: tenant)
        let client = try admin.connect()
        let known: OperatorResource? = try await client.find(account.url)
        guard known == nil else {
            throw ClientError("there is an operator \(account.name)", details: ["change it with operators set-role"])
        }
        if password { resource.password = try Password.ask("Password of \(account.name): ") }
        let made: OperatorResource = try await client.put(account.url, resource)
        try output.show(made)
    }
}
