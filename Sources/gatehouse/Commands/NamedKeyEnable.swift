import ArgumentParser
import GatewayAPI

/// The command `gatehouse keys named enable`.
struct NamedKeyEnable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable",
        abstract: "Let a disabled named key open again."
    )

    @Argument(help: "tenant/key") var key: OwnedName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let key: NamedKeyResource = try await admin.connect().change(key.url("keys")) { $0.disabled = false }
        try output.show(key)
    }
}
