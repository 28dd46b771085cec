import ArgumentParser
import GatewayAPI

/// The command `gatehouse deployments show`.
struct DeploymentShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one deployment with every effective value and where it came from."
    )

    @Argument(help: "tenant/endpoint/deployment") var deployment: DeploymentName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let found: DeploymentResource = try await admin.connect().get(deployment.url)
        try output.show(found)
        guard output.output == .table, let effective = found.effective else { return }
        if let pool = found.pool {
            print()
            try output.show(pool)
        }
        print()
        try output.show(found.instances ?? [])
        print()
        try output.show(effective)
    }
}
