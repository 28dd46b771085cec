import GatewayAPI
import GatewayStore
import HTTPTypes
import Testing

@testable import GatewayAdmin

@Suite struct AuditRoutesTests {
    @Test func `what was changed through the API is in the log, the newest first and page by page`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let first = try await client.get(ResourceList<AuditEntryResource>.self, "/api/v1/audit?limit=2")
            #expect(first.value.map(\.number) == [5, 4])
            let newest = try #require(first.value.first)
            #expect(newest.operator == "operator.token" && newest.action == "created" && newest.kind == "deployment")
            #expect(newest.request == "PUT /api/v1/tenants/demo/endpoints/chat/deployments/blue")
            let next = try #require(first.nextLink)
            let second = try await client.get(ResourceList<AuditEntryResource>.self, next)
            #expect(second.value.map(\.number) == [3, 2])
            #expect(try await client.send(.get, "/api/v1/audit?after=x").status == 400)
            let verdict = try await client.get(AuditVerdictResource.self, "/api/v1/audit/verification")
            let head = try #require(verdict.head)
            #expect(verdict == AuditVerdictResource(good: true, entries: 5, firstBad: nil, reason: nil, head: head))
            let uri = "/api/v1/audit/verification?since="
            #expect(try await client.get(AuditVerdictResource.self, uri + head).good)
            let other = "4:" + String(head.dropFirst(2))
            #expect(try await client.get(AuditVerdictResource.self, uri + other).firstBad == 4)
            #expect(try await client.send(.get, uri + "x").status == 400)
        }
    }

    @Test func `a tenant's reviewer sees its tenant's entries and no others`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            _ = try await client.send(.put, "/api/v1/tenants/other", "{}")
            let account = OperatorResource(name: "rita", role: "reviewer", tenant: "other")
            _ = try await client.put("/api/v1/operators/rita", account)
            let made = try await client.send(.post, "/api/v1/operators/rita/tokens", "{}")
            let token = "Bearer \(try #require(try made.decode(OperatorTokenResource.self).token))"
            let seen = try await client.send(.get, "/api/v1/audit", authorization: token)
                .decode(ResourceList<AuditEntryResource>.self)
            // Who may administer a tenant is the tenant's business too.
            #expect(seen.value.map(\.resource) == ["rita", "rita", "other"])
            #expect(try await client.send(.get, "/api/v1/audit?tenant=demo", authorization: token).status == 403)
        }
    }
}
