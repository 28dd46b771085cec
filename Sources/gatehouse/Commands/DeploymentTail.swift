import ArgumentParser
import GatewayAPI

/// The command `gatehouse deployments logs`.
struct DeploymentTail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Show a deployment's last requests and probes; of a native one what its workers wrote.",
        discussion: "Times are UTC. Lines of workers are in the order of time, each with its worker's number: [0]."
    )

    @Argument(help: "tenant/endpoint/deployment") var deployment: DeploymentName
    @Option(help: "How many lines, at most 1000.") var tail = 50
    @Option(help: "Of a native deployment, only the lines of the worker with this number.") var instance: Int?
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let worker = instance.map { "&instance=\($0)" } ?? ""
        let log: ResourceList<LogLineResource> = try await admin.connect()
            .get("\(deployment.url)/logs?tail=\(tail)\(worker)")
        guard output.output == .table else { return try output.show(log.value) }
        for line in log.value { print(line.text) }
    }
}
