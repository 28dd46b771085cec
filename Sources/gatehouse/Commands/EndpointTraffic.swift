import ArgumentParser
import GatewayAPI

/// The command `gatehouse endpoints traffic`.
struct EndpointTraffic: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "traffic",
        abstract: "Show where an endpoint's traffic goes, or change it.",
        discussion: """
            gatehouse endpoints traffic demo/chat blue=90 green=10 --mirror shadow=10

            Traffic moves at once; the command ends when the deployments that get some are ready.
            """
    )

    @Argument(help: "tenant/endpoint") var endpoint: EndpointName
    @Argument(help: "deployment=PERCENT, all of them: they sum to 100, or are 0.") var weights: [DeploymentShare] = []
    @Option(help: "deployment=PERCENT that gets copies; may be given several times; replaces all mirrors.")
    var mirror: [DeploymentShare] = []
    @Flag(help: "Copy nothing any more.") var noMirror = false
    @Option(help: "The model's version for callers who ask for none.") var defaultVersion: String?
    @OptionGroup var wait: WaitOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard !noMirror || mirror.isEmpty else { throw ValidationError("--no-mirror stands beside --mirror") }
        for shares in [weights, mirror] where Set(shares.map(\.deployment)).count < shares.count {
            throw ValidationError("a deployment is named twice")
        }
    }

    func run() async throws {
        let url = "\(endpoint.url)/traffic"
        let client = try admin.connect()
        guard wanted != TrafficResource() else {
            return try output.show(try await client.get(url, as: TrafficResource.self))
        }
        let (shown, operation): (TrafficResource, String?) = try await client.begin(url, wanted)
        try output.show(shown)
        try await wait.follow(operation, client)
    }

    private var wanted: TrafficResource {
        TrafficResource(
            traffic: weights.isEmpty ? nil : weights.map(\.pair).asMap,
            mirrorTraffic: mirror.isEmpty && !noMirror ? nil : mirror.map(\.pair).asMap,
            defaultVersion: defaultVersion
        )
    }
}

extension [(String, Int)] {
    fileprivate var asMap: [String: Int] { Dictionary(self, uniquingKeysWith: { first, _ in first }) }
}
