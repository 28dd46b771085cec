import ArgumentParser
import GatewayAPI

/// The command `gatehouse endpoints show`.
struct EndpointShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one endpoint.")

    @Argument(help: "tenant/endpoint") var endpoint: EndpointName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try output.show(try await admin.connect().get(endpoint.url, as: EndpointResource.self))
    }
}
