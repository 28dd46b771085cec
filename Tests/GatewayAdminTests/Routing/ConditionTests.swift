import GatewayAPI
import HTTPTypes
import Testing

@testable import GatewayAdmin

@Suite struct ConditionTests {
    private static let chat = "/api/v1/tenants/demo/endpoints/chat"

    @Test func `a change with the tag of an earlier state is refused, and changes nothing`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let tag = try #require(try await client.send(.get, Self.chat).headers[.eTag])
            let first = try await client.send(.put, Self.chat, #"{"description":"first"}"#, headers: [.ifMatch: tag])
            #expect(first.status == 200)
            let next = try #require(first.headers[.eTag])
            #expect(next != tag)
            let late = try await client.send(.put, Self.chat, #"{"description":"second"}"#, headers: [.ifMatch: tag])
            #expect(late.status == 412 && late.text.contains("PreconditionFailed"))
            #expect(try await client.send(.delete, Self.chat, headers: [.ifMatch: tag]).status == 412)
            let shown = try await client.send(.get, Self.chat)
            #expect(shown.headers[.eTag] == next)
            #expect(try shown.decode(EndpointResource.self).description == "first")
            let listed = try await client.send(.delete, Self.chat, headers: [.ifMatch: "\"x\", \(next)"])
            #expect(listed.status == 204)
        }
    }

    @Test func `a body that the client has is not sent again`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let tag = try #require(try await client.send(.get, Self.chat).headers[.eTag])
            let again = try await client.send(.get, Self.chat, headers: [.ifNoneMatch: tag])
            #expect(again.status == 304 && again.text.isEmpty && again.headers[.eTag] == tag)
            #expect(try await client.send(.get, Self.chat, headers: [.ifNoneMatch: "\"other\""]).status == 200)
        }
    }

    @Test func `a resource can be made only where there is none`() async throws {
        try await AdminFixture().withClient { client in
            _ = try await client.send(.put, "/api/v1/tenants/demo", "{}")
            #expect(try await client.send(.put, Self.chat, "{}", headers: [.ifMatch: "*"]).status == 412)
            #expect(try await client.send(.put, Self.chat, "{}", headers: [.ifNoneMatch: "*"]).status == 201)
            #expect(try await client.send(.put, Self.chat, "{}", headers: [.ifNoneMatch: "*"]).status == 412)
            #expect(try await client.send(.put, Self.chat, "{}", headers: [.ifMatch: "*"]).status == 200)
        }
    }

    @Test(arguments: [
        ("roles/r-1", #"{"role":"invoke","subject":"s"}"#), ("webhooks/hook", #"{"url":"https://a.example"}"#),
        ("issuers/iss", #"{"issuers":["https://a.example"],"audiences":["x"],"keysUrl":"https://a.example/k"}"#),
        ("endpoints/chat/deployments/red", #"{"upstream":{"urls":["http://127.0.0.1:1"]}}"#),
    ])
    func `everything that is put has a tag`(path: String, body: String) async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let uri = "/api/v1/tenants/demo/\(path)"
            let made = try await client.send(.put, uri, body)
            #expect(made.status == 201)
            let tag = try #require(made.headers[.eTag])
            let again = try await client.send(.put, uri, body, headers: [.ifMatch: tag])
            #expect(again.status == 200 && again.headers[.eTag] == tag)
            #expect(try await client.send(.delete, uri, headers: [.ifMatch: "\"other\""]).status == 412)
        }
    }

    @Test(arguments: [
        ("endpoints/chat/limits", "{}"), ("endpoints/chat/deployments/blue/limits", "{}"), ("limits", "{}"),
        ("keys/app/limits", "{}"), ("endpoints/chat/traffic", #"{"traffic":{"blue":100}}"#),
    ])
    func `a part of a resource has the tag of the whole`(path: String, body: String) async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            _ = try await client.send(.post, "/api/v1/tenants/demo/keys", #"{"name":"app"}"#)
            let uri = "/api/v1/tenants/demo/\(path)"
            let tag = try #require(try await client.send(.get, uri).headers[.eTag])
            #expect(try await client.send(.put, uri, body, headers: [.ifMatch: "\"other\""]).status == 412)
            #expect(try await client.send(.put, uri, body, headers: [.ifMatch: tag]).status == 200)
        }
    }

    @Test func `lists come in pages`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let list = "/api/v1/tenants/demo/roles"
            for index in 1...5 {
                _ = try await client.send(.put, "\(list)/role-\(index)", #"{"role":"invoke","subject":"s"}"#)
            }
            var names: [String] = []
            var next: String? = "\(list)?limit=2"
            while let uri = next {
                let page = try await client.get(ResourceList<RoleResource>.self, uri)
                #expect((1...2).contains(page.value.count))
                names += page.value.map(\.name)
                // One that is removed between two pages hides none.
                if names.count == 2 { _ = try await client.send(.delete, "\(list)/role-2") }
                next = page.nextLink
            }
            #expect(names == (1...5).map { "role-\($0)" })
            for limit in ["0", "1001", "-1", "x"] {
                #expect(try await client.send(.get, "\(list)?limit=\(limit)").status == 400)
            }
        }
    }
}
