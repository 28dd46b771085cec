import ArgumentParser

/// The command `gatehouse keys named revoke`.
struct NamedKeyRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Remove a named key for good; it opens nothing from now on."
    )

    @Argument(help: "tenant/key") var key: OwnedName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await admin.connect().delete(key.url("keys"))
        try output.show(Removal(resource: key.text))
    }
}
