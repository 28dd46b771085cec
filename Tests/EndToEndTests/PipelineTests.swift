import GatewayCore
import GatewayTestKit
import Testing

/// Requests that wait behind an answer that is still being given.
@Suite(.serialized) struct PipelineTests {
    @Test(arguments: FakeUpstream.Transport.allCases)
    func `a malformed request behind two others is refused in its turn, and other connections are served`(
        transport: FakeUpstream.Transport
    ) async throws {
        try await Scene.play(transport) { visit in
            if visit.number > 1 { try await visit.respond(200, [], visit.target) }
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            let key = "authorization: Bearer \(RunningGateway.key)"
            let requests = ["/demo/chat/1", "/demo/chat/2"].map { "GET \($0) HTTP/1.1\r\nhost: a\r\n\(key)\r\n\r\n" }
            try await client.send(requests.joined() + "BROKEN\r\n\r\n")
            let visit = try await upstream.arrivals.next()
            let other = try await gateway.connect()
            #expect(try await other.exchange("GET", "/healthz", key: nil).status == 200)
            try await visit.respond(200, [], visit.target)
            for path in ["/1", "/2"] { #expect(try await client.answer().body == path) }
            #expect(try await client.answer().status == 400)
            try await client.expectClose()
            #expect(try await other.exchange("GET", "/healthz", key: nil).status == 200)
        }
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `thousands of requests behind a slow answer are answered without growing the stack`(
        transport: FakeUpstream.Transport
    ) async throws {
        let count = 3000
        let receipts = try await Scene.play(transport) { _ in
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            try await client.request("GET", "/demo/chat/slow")
            let visit = try await upstream.arrivals.next()
            try await client.send(String(repeating: "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n", count: count))
            try await visit.respond()
            for _ in 0...count { #expect(try await client.answer().status == 200) }
        }
        #expect(receipts.count == count + 1)
    }
}
