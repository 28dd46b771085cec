import ArgumentParser

/// The command `gatehouse deployments delete`.
struct DeploymentDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Remove a deployment.")

    @Argument(help: "tenant/endpoint/deployment") var deployment: DeploymentName
    @OptionGroup var wait: WaitOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try admin.connect()
        let operation = try await client.delete(deployment.url)
        try output.show(Removal(resource: deployment.path.parts.joined(separator: "/")))
        try await wait.follow(operation, client)
    }
}
