import ArgumentParser
import GatewayAPI

/// The command `gatehouse keys named show`.
struct NamedKeyShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one named key, without its secret."
    )

    @Argument(help: "tenant/key") var key: OwnedName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try output.show(try await admin.connect().get(key.url("keys"), as: NamedKeyResource.self))
    }
}
