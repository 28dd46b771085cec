import ArgumentParser
import GatewayAPI

/// The command `gatehouse endpoints maintenance on`.
struct MaintenanceOn: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "on",
        abstract: "Answer every call of an endpoint with 503 and a message."
    )

    @Argument(help: "tenant/endpoint") var endpoint: EndpointName
    @Option(help: "What callers are told.") var message: String
    @Option(help: "When callers should come back: 90s, 10m, 2h.") var retryAfter = HumaneDuration(seconds: 60)
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let closed: EndpointResource = try await admin.connect().put(
            "\(endpoint.url)/maintenance",
            MaintenanceResource(message: message, retryAfter: Int(retryAfter.seconds))
        )
        try output.show(closed)
    }
}
