import ArgumentParser
import GatewayAPI

/// The command `gatehouse deployments list`.
struct DeploymentList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show an endpoint's deployments.")

    @Argument(help: "tenant/endpoint") var endpoint: EndpointName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let list: ResourceList<DeploymentResource> = try await admin.connect().list("\(endpoint.url)/deployments")
        try output.show(list.value)
    }
}
