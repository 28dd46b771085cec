import ArgumentParser
import GatewayAPI

/// The command `gatehouse operators token`.
struct OperatorTokenIssue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make a token of a local account, which is shown only now."
    )

    @Argument(help: "The operator's name.") var account: AccountName
    @Option(help: "When it expires: 90d, 2026-12-31; left out, never.", transform: FutureTime.init)
    var expires: FutureTime?
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let asked = OperatorTokenResource(expiresAt: expires?.text)
        let made: OperatorTokenResource = try await admin.connect().post("\(account.url)/tokens", asked)
        try output.show(made)
    }
}
