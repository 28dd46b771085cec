import Foundation
import GatewayAPI
import HTTPTypes
import Testing

@testable import GatewayAdmin

@Suite struct TokenRoutesTests {
    private static let tenant = "/api/v1/tenants/demo"
    private static let entra = #"""
        {"issuers":["https://sts.example.net/t/","https://login.example.net/t/v2.0"],"audiences":["api://gatehouse"],
         "directoryId":"t","discoveryUrl":"https://login.example.net/t/v2.0/.well-known/openid-configuration"}
        """#

    @Test func `an issuer is trusted, shown and removed`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let url = "\(Self.tenant)/issuers/entra"
            #expect(try await client.send(.put, url, Self.entra).status == 201)
            let shown = try await client.get(IssuerResource.self, url)
            #expect(shown.audiences == ["api://gatehouse"])
            #expect(shown.tenant == "demo")
            #expect(try await client.put(url, shown) == shown)
            #expect(try await client.get(ResourceList<IssuerResource>.self, "\(Self.tenant)/issuers").value == [shown])
            #expect(try await client.send(.delete, url).status == 204)
            #expect(try await client.send(.get, url).status == 404)
        }
    }

    @Test(arguments: [
        #"{}"#, #"{"issuers":[],"audiences":["a"],"keysUrl":"https://a.example/k"}"#,
        #"{"issuers":["https://a.example"],"audiences":[],"keysUrl":"https://a.example/k"}"#,
        #"{"issuers":["https://a.example"],"audiences":["a"]}"#,
        #"{"issuers":["https://a.example"],"audiences":["a"],"keysUrl":"http://a.example/k"}"#,
        #"{"issuers":["https://a.example"],"audiences":["a"],"keys":"https://a.example/k"}"#,
    ])
    func `an issuer that cannot be trusted is refused`(body: String) async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            #expect(try await client.send(.put, "\(Self.tenant)/issuers/entra", body).status == 400)
        }
    }

    @Test(arguments: [
        #"{"role":"invoke","application":"a-1"}"#,
        #"{"role":"invoke","group":"g-1","issuer":"entra","endpoints":["chat"],"proofs":["secret","certificate"]}"#,
        #"{"role":"token","managedIdentity":"/subscriptions/s/x"}"#,
        #"{"role":"invoke","subject":"o-1","issuer":"built-in","proofs":["public"]}"#,
        #"{"role":"invoke","applicationRole":"Models.Call"}"#, #"{"role":"invoke","scope":"model.call"}"#,
    ])
    func `a role assignment comes back as it was put`(body: String) async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            _ = try await client.send(.put, "\(Self.tenant)/issuers/entra", Self.entra)
            let url = "\(Self.tenant)/roles/callers"
            #expect(try await client.send(.put, url, body).status == 201)
            let shown = try await client.get(RoleResource.self, url)
            #expect(try await client.put(url, shown) == shown)
            #expect(try await client.get(ResourceList<RoleResource>.self, "\(Self.tenant)/roles").value == [shown])
            #expect(try await client.send(.delete, url).status == 204)
            #expect(try await client.send(.delete, url).status == 404)
        }
    }

    @Test(arguments: [
        #"{}"#, #"{"role":"invoke"}"#, #"{"role":"owner","subject":"s","endpoints":["chat"]}"#,
        #"{"role":"king","subject":"s"}"#,
        #"{"role":"invoke","subject":"s","group":"g"}"#,
        #"{"role":"invoke","subject":"s","issuer":"nobody"}"#, #"{"role":"invoke","subject":"s","endpoints":["nope"]}"#,
        #"{"role":"invoke","subject":"s","proofs":["promise"]}"#,
        #"{"role":"invoke","subject":"s","proof":["secret"]}"#,
    ])
    func `a role assignment that cannot be is refused`(body: String) async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            #expect(try await client.send(.put, "\(Self.tenant)/roles/callers", body).status == 400)
        }
    }

    @Test func `the built-in issuer is asked what was sent, by everybody`() async throws {
        try await AdminFixture().withClient { client in
            for path in [
                "/demo/v2.0/.well-known/openid-configuration", "/ADFS/discovery/keys", "/demo/discovery/v2.0/keys",
                "/adfs/.well-known/openid-configuration",
            ] {
                let answer = try await client.send(.get, path, authorization: nil)
                #expect(answer.status == 200)
                #expect(answer.text == "GET \(path) - ")
            }
            let form = "client_id=c&grant_type=client_credentials"
            let answer = try await client.send(.post, "/demo/oauth2/v2.0/token?x=1", form, authorization: nil)
            #expect(answer.text == "POST /demo/oauth2/v2.0/token - \(form)")
            #expect(answer.headers[.contentType] == "application/json")
            let long = String(repeating: "a", count: 65_537)
            #expect(try await client.send(.post, "/demo/oauth2/token", long, authorization: nil).status == 413)
        }
    }
}
