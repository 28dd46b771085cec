import ArgumentParser
import GatewayAPI

/// The command `gatehouse principals disable`.
struct PrincipalDisable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable",
        abstract: "Let a principal get no tokens until it is enabled."
    )

    @Argument(help: "tenant/principal, by name or client id") var principal: OwnedName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let changed: PrincipalResource = try await admin.connect().change(principal.url("principals")) {
            $0.disabled = true
        }
        try output.show(changed)
    }
}
