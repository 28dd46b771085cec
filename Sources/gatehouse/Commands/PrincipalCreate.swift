import ArgumentParser
import GatewayAPI

/// The command `gatehouse principals create`.
struct PrincipalCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a principal with one secret, which is shown only now."
    )

    @Argument(help: "tenant/principal") var principal: OwnedName
    @Option(help: "A UUID; left out, one is chosen.") var clientID: String?
    @Option(help: "When the secret expires: 365d, 2026-12-31; left out, never.", transform: FutureTime.init)
    var expires: FutureTime?
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let resource = PrincipalResource(
            tenant: principal.tenant,
            name: principal.name,
            clientId: clientID,
            secrets: [PrincipalSecretResource(expiresAt: expires?.text)]
        )
        let made: PrincipalResource = try await admin.connect().post(principal.list("principals"), resource)
        try output.show(made)
    }
}
