import ArgumentParser

/// The command `gatehouse operators revoke-token`.
struct OperatorTokenRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke-token",
        abstract: "Revoke a token of a local account."
    )

    @Argument(help: "The operator's name.") var account: AccountName
    @Argument(help: "The token's id, as operators list shows it.") var token: AccountName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await admin.connect().delete("\(account.url)/tokens/\(token.name)")
        try output.show(Removal(resource: "token \(token.name) of \(account.name)"))
    }
}
