import ArgumentParser
import GatewayAPI

/// The command `gatehouse endpoints maintenance off`.
struct MaintenanceOff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "off", abstract: "Let an endpoint answer again.")

    @Argument(help: "tenant/endpoint") var endpoint: EndpointName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try admin.connect()
        try await client.delete("\(endpoint.url)/maintenance")
        try output.show(try await client.get(endpoint.url, as: EndpointResource.self))
    }
}
