import ArgumentParser

/// The command `gatehouse issuers remove`.
struct IssuerRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "Trust an issuer no more.")

    @Argument(help: "tenant/issuer") var issuer: OwnedName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await admin.connect().delete(issuer.url("issuers"))
        try output.show(Removal(resource: issuer.text))
    }
}
