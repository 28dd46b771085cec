import ArgumentParser
import GatewayAPI

/// The command `gatehouse deployments warm`.
struct DeploymentWarm: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "warm",
        abstract: "Start a worker of a native deployment that sleeps, before requests come.",
        discussion: "It stays for the deployment's idle_seconds; the command does not wait until it is ready."
    )

    @Argument(help: "tenant/endpoint/deployment") var deployment: DeploymentName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let warmed: DeploymentResource = try await admin.connect().post("\(deployment.url)/warm", Nothing())
        try output.show(warmed)
    }
}
