import ArgumentParser
import GatewayAPI

/// The command `gatehouse operations list`.
struct OperationList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show long changes, the newest first."
    )

    @Option(help: "Of this resource only: tenant/endpoint/deployment.") var resource: DeploymentName?
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let of = resource.map { "?resource=" + $0.path.parts.joined(separator: "/") } ?? ""
        let list: ResourceList<OperationResource> = try await admin.connect().list("/api/v1/operations\(of)")
        try output.show(list.value)
    }
}
