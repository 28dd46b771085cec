import ArgumentParser
import GatewayAPI

/// The command `gatehouse deployments set-secret`.
struct DeploymentSecretSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set-secret",
        abstract: "Keep a value sealed for a deployment's headers, which refer to it as ${secret:NAME}.",
        discussion: "It is read from standard input or a file, used from then on, and shown to nobody again."
    )

    @Argument(help: "tenant/endpoint/deployment, which need not be there yet") var deployment: DeploymentName
    @Argument(help: "The secret's name.") var name: SecretName
    @Option(help: ArgumentHelp("Read the value from here, not from standard input.", valueName: "file"))
    var fromFile: String?
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let value = try SecretInput.read(file: fromFile)
        let set: DeploymentSecretResource = try await admin.connect().put(
            deployment.url(of: name),
            DeploymentSecretRequest(value: value)
        )
        try output.show(set)
    }
}
