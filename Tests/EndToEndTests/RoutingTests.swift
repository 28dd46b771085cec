import GatewayCore
import GatewayTestKit
import NIOCore
import NIOHTTP1
import Testing

/// Where requests go beside the split, and how they are changed on their way.
@Suite(.serialized) struct RoutingTests {
    /// `blue` has version 1 and all traffic, `green` version 2; each answers with its name.
    private static func play(
        _ routing: RoutingDefinition,
        weights: (Int, Int) = (100, 0),
        act: (RunningGateway, _ blue: FakeUpstream) async throws -> Void
    ) async throws {
        let workspace = try Workspace()
        let blue = try await FakeUpstream.start(.http, in: workspace, number: 0) {
            try await $0.respond(200, [], "blue")
        }
        let green = try await FakeUpstream.start(.http, in: workspace, number: 1) {
            try await $0.respond(200, [], "green")
        }
        var serving = [
            RunningGateway.Serving("blue", weight: weights.0, urls: [blue.url]),
            RunningGateway.Serving("green", weight: weights.1, urls: [green.url]),
        ]
        serving[0].version = "1"
        serving[0].path = PathRewrite(stripPrefix: "/score", addPrefix: "/predict")
        serving[0].removedHeaders = ["cookie"]
        serving[1].version = "2"
        var access = RunningGateway.Access()
        access.routing = routing
        try await RunningGateway.run(serving, in: workspace, access: access) { try await act($0, blue) }
        try await blue.stop()
        try await green.stop()
    }

    @Test func `a version in the query or a header leads behind the fixed URL, an unknown one to a list`() async throws
    {
        let versions = VersionsDefinition(query: "modelVersion", header: "x-model-version", standard: "1")
        try await Self.play(RoutingDefinition(versions: versions)) { gateway, _ in
            let client = try await gateway.connect()
            let path = "/demo/chat/score"
            #expect(try await client.exchange("GET", path).body == "blue")
            #expect(try await client.exchange("GET", "\(path)?modelVersion=2").body == "green")
            #expect(try await client.exchange("GET", path, [("X-Model-Version", "2")]).body == "green")
            let unknown = try await client.exchange("GET", "\(path)?modelVersion=seven")
            #expect(unknown.status == 404 && unknown.body.contains("It has: 1, 2."))
            #expect(unknown.body.contains("VersionNotFound") && !unknown.body.contains("seven"))
            let two = try await client.exchange("GET", "\(path)?modelVersion=1", [("x-model-version", "2")])
            #expect(two.status == 400)
        }
    }

    @Test func `a canary's header is read whatever its case`() async throws {
        let canary = CanaryDefinition(deployment: "green", condition: .header(name: "X-Canary", value: "yes"))
        try await Self.play(RoutingDefinition(canaries: [canary])) { gateway, _ in
            let client = try await gateway.connect()
            #expect(try await client.exchange("GET", "/demo/chat/score", [("x-canary", "yes")]).body == "green")
            #expect(try await client.exchange("GET", "/demo/chat/score", [("x-canary", "no")]).body == "blue")
        }
    }

    @Test func `a cookie leads to the same deployment over any connection`() async throws {
        try await Self.play(RoutingDefinition(sticky: .cookie("session")), weights: (50, 50)) { gateway, _ in
            var first: [String] = []
            for round in 0..<2 {
                let client = try await gateway.connect()
                for user in 0..<20 {
                    let cookie = [("cookie", "theme=dark; session=user-\(user)")]
                    let body = try await client.exchange("GET", "/demo/chat/score", cookie).body
                    if round == 0 { first.append(body) } else { #expect(first[user] == body) }
                }
            }
            #expect(Set(first) == ["blue", "green"])
        }
    }

    @Test func `the upstream gets its own path, and not the headers that it does not want`() async throws {
        try await Self.play(.none) { gateway, blue in
            let client = try await gateway.connect()
            _ = try await client.exchange(
                "POST",
                "/demo/chat/score/a?b=c",
                [("cookie", "x=y"), ("x-kept", "1")],
                body: ""
            )
            let visit = try await blue.arrivals.next()
            #expect(visit.target == "/predict/a?b=c")
            #expect(visit.headers["cookie"].isEmpty && visit.headers["x-kept"] == ["1"])
        }
    }
}
