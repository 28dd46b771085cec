import ArgumentParser
import GatewayAPI

/// The command `gatehouse keys named disable`.
struct NamedKeyDisable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable",
        abstract: "Let a named key open nothing until it is enabled."
    )

    @Argument(help: "tenant/key") var key: OwnedName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let key: NamedKeyResource = try await admin.connect().change(key.url("keys")) { $0.disabled = true }
        try output.show(key)
    }
}
