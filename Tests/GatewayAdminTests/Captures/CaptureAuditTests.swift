import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Testing

@testable import GatewayAdmin

/// What the audit log says of those who change captures: evidence must not go unseen.
@Suite struct CaptureAuditTests {
    private static let path = "/api/v1/tenants/demo/captures/1"

    private static func withReviewer(_ body: @escaping @Sendable (AdminTestClient, String) async throws -> Void)
        async throws
    {
        let fixture = try await AdminFixture()
        var receipt = Receipt(requestID: "r-1", startedAt: 1_798_740_307_250_000)
        receipt.tenant = "demo"
        receipt.endpoint = "chat"
        receipt.deployment = "blue"
        let message = CapturedMessage(body: Array("incriminating".utf8), size: 13)
        let capture = Capture(receipt: receipt, rule: CaptureRule(), request: message, response: message)
        try fixture.controlPlane.captures.append([capture])
        try await fixture.withClient { client in
            _ = try await client.send(.put, "/api/v1/tenants/demo", "{}")
            _ = try await client.send(.put, "/api/v1/operators/rita", #"{"role":"reviewer","tenant":"demo"}"#)
            let token = try await client.send(.post, "/api/v1/operators/rita/tokens", "{}")
            try await body(client, "Bearer \(try #require(try token.decode(ARMValue.self)["token"]?.text))")
        }
    }

    private static func entries(_ client: AdminTestClient) async throws -> [AuditEntryResource] {
        try await client.get(ResourceList<AuditEntryResource>.self, "/api/v1/audit?limit=100").value
            .filter { $0.kind == "capture" }
    }

    @Test func `who deletes a capture is in the audit log, with its request and without its content`() async throws {
        try await Self.withReviewer { client, token in
            #expect(try await client.send(.delete, Self.path, authorization: token).status == 204)
            let entry = try #require(try await Self.entries(client).first)
            #expect(entry.operator.contains("rita") && entry.action == "deleted")
            #expect(entry.resource == "demo/captures/1" && entry.after == nil)
            let before = try #require(entry.before)
            #expect(before.contains(#""requestId":"r-1""#) && !before.contains("incriminating"))
        }
    }

    @Test func `who labels a capture is there too, once for each label`() async throws {
        try await Self.withReviewer { client, token in
            for label in ["good", "good", "bad"] {
                let body = #"{"label":"\#(label)"}"#
                let answer = try await client.send(.put, "\(Self.path)/label", body, authorization: token)
                #expect(answer.status == 200, "\(answer.text)")
            }
            let entries = try await Self.entries(client)
            #expect(entries.map(\.action) == ["updated", "updated"] && entries.allSatisfy { $0.fields == ["label"] })
            #expect(entries.first?.before?.contains("good") == true && entries.first?.after?.contains("bad") == true)
        }
    }

    @Test func `what is not there, and who may not, leaves no entry`() async throws {
        try await Self.withReviewer { client, token in
            let missing = "/api/v1/tenants/demo/captures/99"
            #expect(try await client.send(.delete, missing, authorization: token).status == 404)
            let answer = try await client.send(.put, "\(missing)/label", #"{"label":"x"}"#, authorization: token)
            #expect(answer.status == 404)
            #expect(try await client.send(.delete, Self.path).status == 403)
            #expect(try await Self.entries(client).isEmpty)
        }
    }
}
