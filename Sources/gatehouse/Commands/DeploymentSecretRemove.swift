import ArgumentParser

/// The command `gatehouse deployments remove-secret`.
struct DeploymentSecretRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove-secret",
        abstract: "Forget a secret of a deployment; not while a header refers to it."
    )

    @Argument(help: "tenant/endpoint/deployment") var deployment: DeploymentName
    @Argument(help: "The secret's name.") var name: SecretName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await admin.connect().delete(deployment.url(of: name))
        try output.show(Removal(resource: "\(deployment.path.parts.joined(separator: "/"))/\(name.text)"))
    }
}
