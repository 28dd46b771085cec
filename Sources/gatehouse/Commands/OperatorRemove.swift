import ArgumentParser

/// The command `gatehouse operators remove`.
struct OperatorRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a local account with its tokens."
    )

    @Argument(help: "The operator's name.") var account: AccountName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await admin.connect().delete(account.url)
        try output.show(Removal(resource: "operator \(account.name)"))
    }
}
