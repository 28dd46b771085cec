import ArgumentParser

/// The command `gatehouse principals delete`.
struct PrincipalDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Remove a principal with its secrets."
    )

    @Argument(help: "tenant/principal, by name or client id") var principal: OwnedName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await admin.connect().delete(principal.url("principals"))
        try output.show(Removal(resource: principal.text))
    }
}
