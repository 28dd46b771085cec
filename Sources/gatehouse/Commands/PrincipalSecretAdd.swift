import ArgumentParser
import GatewayAPI

/// The command `gatehouse principals secrets add`.
struct PrincipalSecretAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Give a principal one more secret, which is shown only now."
    )

    @Argument(help: "tenant/principal, by name or client id") var principal: OwnedName
    @Option(help: "When it expires: 365d, 2026-12-31; left out, never.", transform: FutureTime.init)
    var expires: FutureTime?
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let made: PrincipalSecretResource = try await admin.connect().post(
            "\(principal.url("principals"))/secrets",
            PrincipalSecretResource(expiresAt: expires?.text)
        )
        try output.show(made)
    }
}
