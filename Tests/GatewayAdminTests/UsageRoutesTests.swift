import Foundation
import GatewayAPI
import GatewayCore
import HTTPTypes
import Testing

@testable import GatewayAdmin
@testable import GatewayStore

@Suite struct UsageRoutesTests {
    private static let usage = "/api/v1/tenants/demo/usage"

    @Test func `a report says what it is about, in whole quarters of an hour`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let query = "?by=endpoint,day&since=2026-11-01T00:07:00Z&until=2026-11-02T00:01:00Z"
            let report = try await client.get(UsageReportResource.self, Self.usage + query)
            #expect(report.tenant == "demo")
            #expect(report.since == "2026-11-01T00:00:00Z")
            #expect(report.until == "2026-11-02T00:15:00Z")
            #expect(report.by == ["day", "endpoint"])
            #expect(report.rows.isEmpty)
        }
    }

    @Test func `what was used is summed by what was asked, and a key says when it was used`() async throws {
        let fixture = try await AdminFixture()
        let start = Int64(Date().timeIntervalSince1970) - 60
        var receipts: [Receipt] = []
        for (endpoint, caller, tenant) in [
            ("chat", "demo#app", "demo"), ("chat", "demo#app", "demo"), ("talk", "demo/talk#primary", "demo"),
            ("chat", "other#app", "other"),
        ] {
            var receipt = Receipt(requestID: "r\(receipts.count)", startedAt: start * 1_000_000)
            (receipt.tenant, receipt.endpoint, receipt.deployment) = (tenant, endpoint, "blue")
            (receipt.caller, receipt.outcome, receipt.status) = (caller, .completed, 200)
            (receipt.promptTokens, receipt.completionTokens, receipt.cost) = (100, 20, 1_250_000)
            (receipt.countedInputTokens, receipt.countedOutputTokens, receipt.upstreamStatus) = (100, 20, 200)
            (receipt.method, receipt.path, receipt.attempts) = ("POST", "/x", 1)
            receipts.append(receipt)
        }
        #expect(try await fixture.controlPlane.receipts.append(receipts).isEmpty)
        try await fixture.withClient { client in
            try await client.prepare()
            _ = try await client.send(.post, "/api/v1/tenants/demo/keys", #"{"name":"app"}"#)
            let report = try await client.get(UsageReportResource.self, "\(Self.usage)?by=endpoint&by=key")
            #expect(report.rows.map(\.endpoint) == ["chat", "talk"])
            let row = UsageRowResource(
                endpoint: "chat",
                key: "demo#app",
                requests: 2,
                inputTokens: 200,
                outputTokens: 40,
                cost: Money(millionths: 2_500_000)
            )
            #expect(report.rows.first == row)
            let whole = try await client.get(UsageReportResource.self, Self.usage)
            #expect(whole.rows.map(\.requests) == [3])
            let one = try await client.get(UsageReportResource.self, "\(Self.usage)?key=demo%23app&endpoint=chat")
            #expect(one.rows.map(\.requests) == [2])
            let csv = try await client.send(.get, "\(Self.usage)?by=endpoint&format=csv").text
            #expect(csv.contains("chat,2,200,40,2.500000\r\n"), "\(csv)")
            let key = try await client.get(NamedKeyResource.self, "/api/v1/tenants/demo/keys/app")
            #expect(key.lastUsedAt == WireTime.text(start))
        }
    }

    @Test func `CSV is asked for by name or by type`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let answer = try await client.send(.get, "\(Self.usage)?by=key&format=csv")
            #expect(answer.headers[.contentType] == "text/csv; charset=utf-8")
            #expect(answer.text.hasPrefix("key,requests,"))
        }
    }

    @Test(arguments: [
        "by=planet", "since=yesterday", "since=2026-11-02T00:00:00Z&until=2026-11-01T00:00:00Z", "untill=x",
        "timeZone=Mars/Base",
    ])
    func `a report that cannot be is refused`(query: String) async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            #expect(try await client.send(.get, "\(Self.usage)?\(query)").status == 400)
        }
    }

    @Test func `another tenant's usage is not found`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let answer = try await client.send(.get, "/api/v1/tenants/other/usage")
            #expect(answer.status == 404)
        }
    }
}
