import ArgumentParser
import GatewayAPI

/// The command `gatehouse keys list`.
struct KeyList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show an endpoint's two keys.")

    @Argument(help: "tenant/endpoint") var endpoint: EndpointName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try output.show(try await admin.connect().get("\(endpoint.url)/keys", as: KeyPairResource.self))
    }
}
