import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Testing

@testable import GatewayAdmin

/// `GET …/captures/export`, behind the gate that lets only reviewers in.
@Suite struct CaptureExportRouteTests {
    private static let path = "/api/v1/tenants/demo/captures/export"

    /// 450 captures of the tenant among those of another, and a reviewer's token.
    private static func withReviewer(_ body: @escaping @Sendable (AdminTestClient, String) async throws -> Void)
        async throws
    {
        let fixture = try await AdminFixture()
        let captures = fixture.controlPlane.captures
        try captures.append(
            (1...500).map { number in
                var receipt = Receipt(requestID: "request-\(number)", startedAt: 1_798_740_307_250_000)
                receipt.tenant = number.isMultiple(of: 10) ? "rival" : "demo"
                receipt.endpoint = "chat"
                receipt.deployment = "blue"
                receipt.status = 200
                let message = CapturedMessage(body: Array("\"\(number)\"".utf8), size: 5)
                return Capture(receipt: receipt, rule: CaptureRule(), request: message, response: message)
            }
        )
        try await fixture.withClient { client in
            _ = try await client.send(.put, "/api/v1/tenants/demo", "{}")
            let made = try await client.send(.put, "/api/v1/operators/rita", #"{"role":"reviewer","tenant":"demo"}"#)
            #expect(made.status == 201, "\(made.text)")
            let token = try await client.send(.post, "/api/v1/operators/rita/tokens", "{}")
            let text = try #require(try token.decode(ARMValue.self)["token"]?.text)
            try await body(client, "Bearer \(text)")
        }
    }

    @Test func `pages follow one another through all of a tenant's captures, and no other's`() async throws {
        try await Self.withReviewer { client, token in
            var link: String? = "\(Self.path)?format=sagemaker&endpoint=chat"
            var ids: [Int64] = []
            while let page = link {
                let answer = try await client.send(.get, page, authorization: token)
                let list = try answer.decode(ResourceList<ExportedRecordResource>.self)
                #expect(list.value.count <= 200)
                ids += list.value.map(\.id)
                link = list.nextLink
            }
            #expect(ids == (1...500).filter { !$0.isMultiple(of: 10) })
        }
    }

    @Test(arguments: [
        ("", "format"), ("?format=csv", "sagemaker, azure, kserve, jsonl"), ("?format=azure&page=2", "page"),
        ("?format=azure&limit=1000", "limit"), ("?format=azure&after=x", "after"),
        ("?format=azure&text=", "text is empty; give words"), ("?format=azure&text=%20", "text is empty; give words"),
    ])
    func `what cannot be exported is refused with what can`(query: String, words: String) async throws {
        try await Self.withReviewer { client, token in
            let answer = try await client.send(.get, Self.path + query, authorization: token)
            #expect(answer.status == 400 && answer.text.contains(words), "\(answer.text)")
        }
    }

    @Test func `a label is visible, or none`() async throws {
        try await Self.withReviewer { client, token in
            let path = "/api/v1/tenants/demo/captures/1/label"
            for (label, status) in [(" ", 400), ("   ", 400), ("a\\u0007", 400), ("a b", 200), ("", 200)] {
                let answer = try await client.send(.put, path, #"{"label":"\#(label)"}"#, authorization: token)
                #expect(answer.status == status, "\(label): \(answer.text)")
            }
        }
    }

    @Test func `the owner of the gateway exports nothing`() async throws {
        try await Self.withReviewer { client, _ in
            let answer = try await client.send(.get, "\(Self.path)?format=azure")
            #expect(answer.status == 403, "\(answer.text)")
        }
    }
}
