import ArgumentParser
import GatewayCore

/// The command `gatehouse principals secrets remove`.
struct PrincipalSecretRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Let one secret of a principal be good no more."
    )

    @Argument(help: "tenant/principal, by name or client id") var principal: OwnedName
    @Argument(help: "The secret's id, as principals list shows it.") var secret: String
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        guard Names.isArtifact(secret) else { throw ValidationError("\(secret) is not the id of a secret") }
        try await admin.connect().delete("\(principal.url("principals"))/secrets/\(secret)")
        try output.show(Removal(resource: "\(principal.text)/\(secret)"))
    }
}
