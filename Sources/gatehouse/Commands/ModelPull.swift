import ArgumentParser
import Foundation
import GatewayAPI

/// The command `gatehouse models pull`.
struct ModelPull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Fetch a model to the gateway's machine and register it; a cut one is gone on with.",
        discussion: """
            hf://org/name takes the one GGUF file of a repository of the hub, hf://org/name/file another one, \
            and @revision behind it a branch, tag or commit. For gated repositories an owner of the gateway sets HF_TOKEN in \
            its environment. file:PATH registers a file on the gateway's machine where it is. The gateway fetches, not this \
            command, and goes on without it: gatehouse operations cancel ends a pull. Four models are pulled at once, two of \
            one tenant, in turn between tenants; a tenant that has none under way need not wait for others'.
            """
    )

    @Argument(help: "hf://org/name[/file][@revision], https://… or file:PATH") var source: String
    @Option(help: "Whose model it will be; may be left out where there is one tenant.") var tenant: TenantName?
    @Option(help: "By default that of the repository or the file.") var name: String?
    @Option(help: "By default the next number.") var version: String?
    @Option(help: "What the file's SHA-256 must be.") var sha256: String?
    @OptionGroup var wait: PullWaitOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try admin.connect()
        let tenant = try await OnlyTenant.name(tenant, client)
        let request = ModelPullRequest(source: absolute(source), name: name, version: version, sha256: sha256)
        let operation: OperationResource = try await client.post("\(tenant.url)/pulls", request)
        guard !wait.noWait else { return try output.show(operation) }
        let over = try await PullWatch(client: client).follow(operation.id)
        try output.show(over)
    }

    /// A relative path starts from the folder of whoever asks.
    private func absolute(_ source: String) -> String {
        guard source.hasPrefix("file:"), !source.hasPrefix("file:/") else { return source }
        let path = String(source.dropFirst("file:".count))
        let whole = URL(fileURLWithPath: path).standardizedFileURL.path
        return "file:" + (whole.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? whole)
    }
}

/// Whether the command waits until the model is there.
struct PullWaitOptions: ParsableArguments {
    @Flag(help: "Do not wait: gatehouse operations show tells how far it is.") var noWait = false
}
