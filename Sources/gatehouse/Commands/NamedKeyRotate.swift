import ArgumentParser
import GatewayAPI

/// The command `gatehouse keys named rotate`.
struct NamedKeyRotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Give a named key a new secret, shown only now; the old one stops at once, or after --grace."
    )

    @Argument(help: "tenant/key") var key: OwnedName
    @Option(help: "How long the old secret still opens, e.g. 24h.") var grace = HumaneDuration(seconds: 0)
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let rotated: NamedKeyResource = try await admin.connect().post(
            "\(key.url("keys"))/rotate",
            KeyRotation(graceSeconds: grace.seconds)
        )
        try output.show(rotated)
    }
}
