import ArgumentParser
import GatewayAPI

/// The command `gatehouse operators enable`.
struct OperatorEnable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable",
        abstract: "Let a local account in again."
    )

    @Argument(help: "The operator's name.") var account: AccountName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let changed: OperatorResource = try await admin.connect().change(account.url) { $0.disabled = false }
        try output.show(changed)
    }
}
