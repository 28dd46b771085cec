import ArgumentParser
import GatewayAPI

/// The command `gatehouse deployments list-secrets`.
struct DeploymentSecretList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list-secrets",
        abstract: "Show a deployment's secrets, without their values, and the headers that refer to them."
    )

    @Argument(help: "tenant/endpoint/deployment") var deployment: DeploymentName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let list: ResourceList<DeploymentSecretResource> = try await admin.connect().list(deployment.secrets)
        try output.show(list.value)
    }
}
