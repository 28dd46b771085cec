import ArgumentParser
import GatewayAPI

/// The command `gatehouse operators set-password`.
struct OperatorSetPassword: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set-password",
        abstract: "Give a local account another password, of 12 to 256 characters; its sessions are over."
    )

    @Argument(help: "The operator's name.") var account: AccountName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let password = try Password.ask("New password of \(account.name): ")
        let changed: OperatorResource = try await admin.connect().change(account.url) { $0.password = password }
        try output.show(changed)
    }
}
