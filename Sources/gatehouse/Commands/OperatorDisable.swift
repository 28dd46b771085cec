import ArgumentParser
import GatewayAPI

/// The command `gatehouse operators disable`.
struct OperatorDisable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable",
        abstract: "Shut a local account out until it is enabled."
    )

    @Argument(help: "The operator's name.") var account: AccountName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let changed: OperatorResource = try await admin.connect().change(account.url) { $0.disabled = true }
        try output.show(changed)
    }
}
