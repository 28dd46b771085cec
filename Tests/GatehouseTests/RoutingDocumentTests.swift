import GatewayAPI
import Testing

@testable import gatehouse

@Suite struct RoutingDocumentTests {
    @Test func `mirrors, canaries, stickiness and versions are read`() throws {
        let set = try documents(
            """
            name: chat
            traffic: {blue: 90, green: 10}
            mirror_traffic: {shadow: 10, other: "100"}
            gatehouse:
              canary: [{deployment: green, header: x-canary, value: "yes"}, {deployment: green, callers: 5}]
              sticky: {by: Cookie, name: session}
              versions: {query: modelVersion, header: x-model-version, default: "3"}
            """,
            tenant: "demo"
        )
        let endpoint = try #require(set.endpoints.first)
        #expect(endpoint.mirrorTraffic == ["shadow": 10, "other": 100])
        #expect(
            endpoint.canary == [
                CanaryResource(deployment: "green", header: "x-canary", value: "yes"),
                CanaryResource(deployment: "green", callers: 5),
            ]
        )
        #expect(endpoint.sticky == StickyResource(by: "cookie", name: "session"))
        #expect(
            endpoint.versions == VersionsResource(query: "modelVersion", header: "x-model-version", default: "3")
        )
    }

    @Test func `an upstream's path, removed headers and egress are read`() throws {
        let set = try documents(
            """
            name: blue
            endpoint_name: chat
            egress_public_network_access: Disabled
            gatehouse:
              upstream:
                urls: [http://127.0.0.1:9000]
                path: {strip_prefix: /score, add_prefix: /predict}
                remove_headers: [cookie, x-internal]
            """,
            tenant: "demo"
        )
        let deployment = try #require(set.deployments.first)
        #expect(deployment.egressPublicNetworkAccess == "disabled")
        #expect(deployment.upstream?.path == PathResource(stripPrefix: "/score", addPrefix: "/predict"))
        #expect(deployment.upstream?.removeHeaders == ["cookie", "x-internal"])
    }

    @Test(arguments: [
        ("canary: [{deployment: green}]", "gatehouse.canary: a canary has one of header and callers"),
        ("canary: [{deployment: green, header: a, callers: 1}]", "a canary has one of header and callers"),
        ("canary: [{deployment: green, callers: 1, value: x}]", "gatehouse.canary.value: is of a header"),
        ("canary: [{callers: 1}]", "gatehouse.canary.deployment: is required"),
        ("canary: [{deployment: green, callers: 101}]", "101 is out of range"),
        ("sticky: {by: mood}", "mood is not one of caller, key, subject, header, cookie"),
        ("sticky: {name: x}", "gatehouse.sticky.by: is required"),
        ("sticky: {by: cookie}", "gatehouse.sticky.name: is required; write the name of the cookie"),
        ("sticky: {by: caller, name: x}", "gatehouse.sticky.name: has no meaning with by: caller"),
        ("versions: {default: '3'}", "gatehouse.versions: says neither query nor header"),
        ("versions: {header: v, querry: v}", "did you mean query?"),
    ])
    func `routing that says too little or too much is refused`(line: String, reason: String) {
        let found = problems(in: "name: chat\ngatehouse:\n  \(line)")
        #expect(found.count == 1 && found[0].contains(reason), "\(found)")
    }

    @Test(arguments: [
        ("path: {strip_prefix: score}", "gatehouse.upstream.path.strip_prefix: \"score\" is not a prefix"),
        ("path: {add_prefix: /a/}", "gatehouse.upstream.path.add_prefix: \"/a/\" is not a prefix"),
        ("path: {}", "gatehouse.upstream.path: says nothing"),
    ])
    func `a path that cannot be put before others is refused`(line: String, reason: String) {
        let head = "name: blue\nendpoint_name: chat\ngatehouse:\n  upstream:\n    urls: ['http://a']\n"
        let found = problems(in: head + "    \(line)")
        #expect(found.count == 1 && found[0].contains(reason), "\(found)")
    }

    @Test(arguments: [
        ("blue=90", "blue", 90), ("green=0", "green", 0), ("b-2=100", "b-2", 100),
    ])
    func `a share on the command line has a name and per cent`(text: String, name: String, percent: Int) {
        let share = DeploymentShare(argument: text)
        #expect(share?.deployment == name && share?.percent == percent)
    }

    @Test(arguments: ["blue", "blue=", "blue=101", "blue=-1", "=5", "blue=5=5", "blue=5.5", "b=5"])
    func `what is no share is refused`(text: String) {
        #expect(DeploymentShare(argument: text) == nil)
    }
}
