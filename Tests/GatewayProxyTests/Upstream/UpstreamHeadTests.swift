import GatewayCore
import NIOCore
import NIOHTTP1
import Testing

@testable import GatewayProxy

@Suite struct UpstreamHeadTests {
    @Test(arguments: [
        ("http://up", "/demo/chat/score", "/score"), ("http://up/", "/demo/chat", "/"),
        ("http://up/base/", "/demo/chat/score?a=b&c", "/base/score?a=b&c"),
        ("http://up", "/demo/chat/score?", "/score?"),
        ("http://up/v1", "/demo/chat/v1/x", "/v1/x"), ("http://up/api/v1", "/demo/chat/v1/x", "/api/v1/x"),
        ("http://up/v1", "/demo/chat/v10/x", "/v1/v10/x"), ("http://up/v1", "/demo/chat/x", "/v1/x"),
        ("http://up/xv1", "/demo/chat/v1/x", "/xv1/v1/x"), ("unix:/run/a.sock", "/demo/chat/a/b", "/a/b"),
    ])
    func `the rest of the path is put behind the upstream's, version 1 once`(
        url: String,
        target: String,
        expected: String
    ) throws {
        let plan = try PlanFixture(url: url).plan(target, method: .GET)
        #expect(UpstreamHead.target(plan) == expected)
    }

    private func head(
        _ headers: [(String, String)] = [],
        method: HTTPMethod = .POST,
        client: String = "192.0.2.7",
        fixture: PlanFixture = PlanFixture(),
        length: BodyLength = .none,
        timeLeft: Duration? = nil
    ) throws -> HTTPRequestHead {
        let request = CurrentRequest(
            checked: try fixture.check("/demo/chat/score", method: method, headers),
            isHTTP10: false,
            receipt: Receipt(requestID: "the-id", startedAt: 0),
            started: .now(),
            client: ClientFacts(address: client)
        )
        let plan = try fixture.plan(for: request, body: fixture.isNative ? "{}" : nil)
        let client = ClientFacts(address: client)
        return UpstreamHead.make(request, plan: plan, body: length, from: client, timeLeft: timeLeft)
    }

    @Test func `the upstream learns who asked, for what, and under which id`() throws {
        let headers = try head().headers
        #expect(headers["host"] == ["up.test:9000"])
        #expect(headers["x-request-id"] == ["the-id"])
        #expect(headers["x-forwarded-for"] == ["192.0.2.7"])
        #expect(headers["x-forwarded-proto"] == ["https"])
        #expect(headers["x-forwarded-host"] == ["Gate.test:8443"])
        #expect(headers["forwarded"] == [#"for=192.0.2.7;host="Gate.test:8443";proto=https"#])
    }

    @Test func `an IPv6 client is quoted in Forwarded`() throws {
        #expect(
            try head(client: "2001:db8::1").headers["forwarded"] == [
                #"for="[2001:db8::1]";host="Gate.test:8443";proto=https"#
            ]
        )
    }

    @Test func `what a client says about forwarding is not believed`() throws {
        let headers = try head([
            ("x-forwarded-for", "10.0.0.1"), ("X-Forwarded-Host", "evil"), ("x-forwarded-proto", "http"),
            ("Forwarded", "for=evil"),
        ]).headers
        #expect(headers["x-forwarded-for"] == ["192.0.2.7"])
        #expect(headers["x-forwarded-host"] == ["Gate.test:8443"])
        #expect(headers["x-forwarded-proto"] == ["https"])
        #expect(headers["forwarded"].count == 1)
    }

    @Test func `a worker learns whose the request is and how long somebody waits for it`() throws {
        let headers = try head(fixture: PlanFixture(isNative: true), timeLeft: .milliseconds(1234)).headers
        #expect(headers["x-gatehouse-tenant"] == ["demo"])
        #expect(headers["x-gatehouse-queue-weight"] == ["1"])
        #expect(headers["x-gatehouse-time-left-ms"] == ["1234"])
        #expect(try head(fixture: PlanFixture(isNative: true)).headers["x-gatehouse-time-left-ms"] == ["5000"])
    }

    @Test func `no client, and no header of a deployment, tells a worker whose the request is`() throws {
        let names = [
            "x-gatehouse-tenant", "x-gatehouse-queue-weight", "x-gatehouse-time-left-ms", "x-gatehouse-caller",
            "x-gatehouse-caller-weight",
        ]
        let fixture = PlanFixture(
            headers: names.map { UpstreamHeader(name: $0, value: "7") },
            isNative: true
        )
        let forged = names.flatMap { [($0, "99"), ($0.uppercased(), "99")] }
        let headers = try head(forged, fixture: fixture, timeLeft: .seconds(1)).headers
        let own = try head(fixture: PlanFixture(isNative: true)).headers["x-gatehouse-caller"]
        #expect(own.count == 1 && own != ["99"] && own != ["7"])
        #expect(names.map { headers[$0] } == [["demo"], ["1"], ["1000"], own, ["1"]])
    }

    @Test(arguments: ["authorization", "api-key", "x-api-key", "Ocp-Apim-Subscription-Key"])
    func `a credential is never forwarded`(name: String) throws {
        let headers = try head(name == "authorization" ? [] : [(name, PlanFixture.key)]).headers
        #expect(headers[name].isEmpty)
        #expect(!headers.contains { $0.value.contains(PlanFixture.key) })
    }

    @Test func `hop-by-hop headers and the pinned deployment stay here`() throws {
        let headers = try head([
            ("connection", "x-private"), ("x-private", "1"), ("keep-alive", "1"), ("proxy-authorization", "x"),
            ("te", "trailers"),
            ("azureml-model-deployment", "blue"), ("accept", "text/plain"),
        ]).headers
        for name in ["connection", "x-private", "keep-alive", "proxy-authorization"] { #expect(headers[name].isEmpty) }
        #expect(headers["accept"] == ["text/plain"])
    }

    @Test func `a deployment's header takes the place of the client's`() throws {
        let fixture = PlanFixture(headers: [
            UpstreamHeader(name: "Authorization", value: "Bearer backend"),
            UpstreamHeader(name: "x-team", value: "ours"),
        ])
        let headers = try head([("X-Team", "theirs"), ("x-team", "again")], fixture: fixture).headers
        #expect(headers["authorization"] == ["Bearer backend"])
        #expect(headers["x-team"] == ["ours"])
    }

    @Test func `a deployment's own path and the headers that it does not want`() throws {
        let fixture = PlanFixture(
            headers: [UpstreamHeader(name: "x-team", value: "ours")],
            path: PathRewrite(stripPrefix: "/score", addPrefix: "/predict"),
            removedHeaders: ["Cookie", "x-team", "accept"]
        )
        let made = try head([("cookie", "a=b"), ("X-Team", "theirs"), ("x-kept", "1")], fixture: fixture)
        #expect(made.uri == "/predict")
        #expect(made.headers["cookie"].isEmpty && made.headers["x-kept"] == ["1"])
        // What the gateway adds is added behind.
        #expect(made.headers["x-team"] == ["ours"])
    }

    @Test(arguments: [
        (HTTPMethod.POST, BodyLength.length(5), ["content-length: 5"]), (.POST, .none, ["content-length: 0"]),
        (.GET, .none, []),
        (.DELETE, .none, []), (.PUT, .chunked, ["transfer-encoding: chunked"]),
        (.GET, .length(3), ["content-length: 3"]),
    ])
    func `a body is framed in one way`(method: HTTPMethod, length: BodyLength, expected: [String]) throws {
        let headers = try head(method: method, length: length).headers
        let framing = headers.filter { ["content-length", "transfer-encoding"].contains($0.name) }
        #expect(framing.map { "\($0.name): \($0.value)" } == expected)
    }
}
