import GatewayCore
import GatewayTestKit

/// One gateway with one upstream behind its one deployment `blue`.
enum Scene {
    /// Plays a test; its upstream follows the script.
    @discardableResult
    static func play(
        _ transport: FakeUpstream.Transport,
        timeout: Duration = .seconds(20),
        model: String? = nil,
        access: RunningGateway.Access = RunningGateway.Access(),
        threads: Int = 1,
        farewell: Duration = .milliseconds(20),
        drainLimit: Duration = .patience,
        upstreamProtocols: [String] = ["http/1.1"],
        script: @escaping FakeUpstream.Script,
        act: (RunningGateway, FakeUpstream) async throws -> Void
    ) async throws -> [Receipt] {
        let workspace = try Workspace()
        let upstream = try await FakeUpstream.start(
            transport,
            in: workspace,
            protocols: upstreamProtocols,
            script: script
        )
        let blue = RunningGateway.Serving("blue", urls: [upstream.url], timeout: timeout, model: model)
        let receipts = try await RunningGateway.run(
            [blue],
            in: workspace,
            access: access,
            threads: threads,
            farewell: farewell,
            drainLimit: drainLimit
        ) { gateway in
            try await act(gateway, upstream)
        }
        try await upstream.stop()
        return receipts
    }

    /// The deployments `blue` and `green`, each with an upstream of its own that answers with its name.
    @discardableResult
    static func playTwo(
        _ transport: FakeUpstream.Transport,
        weights: (Int, Int) = (90, 10),
        act: (RunningGateway, _ blue: FakeUpstream, _ green: FakeUpstream) async throws -> Void
    ) async throws -> [Receipt] {
        let workspace = try Workspace()
        let blue = try await FakeUpstream.start(transport, in: workspace, number: 0) {
            try await $0.respond(200, [], "blue")
        }
        let green = try await FakeUpstream.start(transport, in: workspace, number: 1) {
            try await $0.respond(200, [], "green")
        }
        let serving = [
            RunningGateway.Serving("blue", weight: weights.0, urls: [blue.url]),
            RunningGateway.Serving("green", weight: weights.1, urls: [green.url]),
        ]
        let receipts = try await RunningGateway.run(serving, in: workspace) { gateway in
            try await act(gateway, blue, green)
        }
        try await blue.stop()
        try await green.stop()
        return receipts
    }
}
