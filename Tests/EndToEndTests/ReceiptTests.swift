import GatewayCore
import GatewayTestKit
import Testing

@Suite(.serialized) struct ReceiptTests {
    @Test(arguments: FakeUpstream.Transport.allCases)
    func `every exchange has one receipt, however it ends`(transport: FakeUpstream.Transport) async throws {
        let receipts = try await Scene.play(transport, timeout: .seconds(3)) { visit in
            switch visit.target {
            case "/ok": try await visit.respond(200, [], "ok")
            case "/cut": visit.cut()
            case "/half":
                try await visit.begin()
                try await visit.send("half")
                visit.cut()
            default: break
            }
        } act: { gateway, upstream in
            let client = try await gateway.connect()
            #expect(try await client.exchange("GET", "/demo/chat/ok").status == 200)
            #expect(try await client.exchange("POST", "/demo/chat/cut", body: "x").status == 502)
            #expect(try await client.exchange("GET", "/demo/chat/ok", key: "wrong").status == 401)
            #expect(try await client.exchange("GET", "/demo/none/ok").status == 404)
            #expect(try await client.exchange("GET", "/healthz", key: nil).status == 200)
            #expect(try await client.exchange("POST", "/demo/chat/never", body: "x").status == 504)
            try await client.request("GET", "/demo/chat/half")
            _ = try await client.head()
            try? await client.chunks(until: "never")
            let bad = try await gateway.connect()
            try await bad.send("GET / HTTP/1.1\r\n\r\n")
            #expect(try await bad.answer().status == 400)
            let leaving = try await gateway.connect()
            try await leaving.request("POST", "/demo/chat/never2", body: "x")
            while upstream.visits.last?.target != "/never2" { _ = try await upstream.arrivals.next() }
            await leaving.leave()
            try await upstream.visits.last?.gatewayLeft()
        }
        #expect(receipts.map(\.status) == [200, 502, 401, 404, 200, 504, 200, 400, 0])
        #expect(
            receipts.map(\.outcome) == [
                .completed, .failed, .refused, .refused, .completed, .failed, .failed, .refused, .cancelled,
            ]
        )
        #expect(Set(receipts.map(\.requestID)).count == 9)
    }
}
