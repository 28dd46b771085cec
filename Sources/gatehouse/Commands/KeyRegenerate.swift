import ArgumentParser
import GatewayAPI

/// The command `gatehouse keys regenerate`.
struct KeyRegenerate: AsyncParsableCommand {
    /// One of the two keys.
    enum Slot: String, ExpressibleByArgument, CaseIterable {
        case primary
        case secondary
    }

    static let configuration = CommandConfiguration(
        commandName: "regenerate",
        abstract: "Replace one of an endpoint's keys; the old one stops working at once."
    )

    @Argument(help: "tenant/endpoint") var endpoint: EndpointName
    @Option(help: "primary or secondary") var key: Slot
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let pair: KeyPairResource = try await admin.connect().post(
            "\(endpoint.url)/keys/regenerate",
            KeyRegeneration(slot: key.rawValue)
        )
        try output.show(pair)
    }
}
