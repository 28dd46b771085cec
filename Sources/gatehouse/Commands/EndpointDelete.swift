import ArgumentParser

/// The command `gatehouse endpoints delete`.
struct EndpointDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Remove an endpoint with its deployments and keys."
    )

    @Argument(help: "tenant/endpoint") var endpoint: EndpointName
    @OptionGroup var wait: WaitOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try admin.connect()
        let operation = try await client.delete(endpoint.url)
        try output.show(Removal(resource: endpoint.path.parts.joined(separator: "/")))
        try await wait.follow(operation, client)
    }
}
