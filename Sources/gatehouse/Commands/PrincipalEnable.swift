import ArgumentParser
import GatewayAPI

/// The command `gatehouse principals enable`.
struct PrincipalEnable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable",
        abstract: "Let a disabled principal get tokens again."
    )

    @Argument(help: "tenant/principal, by name or client id") var principal: OwnedName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let changed: PrincipalResource = try await admin.connect().change(principal.url("principals")) {
            $0.disabled = false
        }
        try output.show(changed)
    }
}
