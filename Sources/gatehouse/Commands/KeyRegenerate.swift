import ArgumentParser
import GatewayAPI

/// The command `gatehouse keys regenerate`.
struct KeyRegenerate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "regenerate",
        abstract: "Replace one of an endpoint's keys; the old one stops working at once, or after --grace."
    )

    @Argument(help: "tenant/endpoint") var endpoint: EndpointName
    @Option(help: "primary or secondary") var key = Slot.primary
    @Option(help: "How long the old key still opens, e.g. 24h; regenerating it again meanwhile ends that.") var grace =
        HumaneDuration(seconds: 0)
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let pair: KeyPairResource = try await admin.connect().post(
            "\(endpoint.url)/keys/regenerate",
            KeyRegeneration(slot: key.rawValue, graceSeconds: grace.seconds)
        )
        try output.show(pair)
    }

    /// One of the two keys.
    enum Slot: String, ExpressibleByArgument, CaseIterable {
        case primary
        case secondary
    }
}
