import Foundation
import GatewayAPI
import GatewayCore
import HTTPTypes
import Testing

@testable import GatewayAdmin

@Suite struct OperatorRoutesTests {
    private static let accounts = "/api/v1/operators"

    /// An account and its token.
    private func account(
        _ client: AdminTestClient,
        _ name: String,
        _ role: String,
        tenant: String? = nil
    ) async throws -> String {
        let body = OperatorResource(name: name, role: role, tenant: tenant)
        _ = try await client.put("\(Self.accounts)/\(name)", body)
        let answer = try await client.send(.post, "\(Self.accounts)/\(name)/tokens", "{}")
        #expect(answer.status == 201)
        return try #require(try answer.decode(OperatorTokenResource.self).token)
    }

    @Test func `a local account works with its token, within its tenant and its role`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            _ = try await client.send(.put, "/api/v1/tenants/other", "{}")
            let token = "Bearer \(try await account(client, "alice", "deployer", tenant: "demo"))"
            let path = "/api/v1/tenants/demo/endpoints/chat/deployments/blue"
            #expect(try await client.send(.get, path, authorization: token).status == 200)
            #expect(
                try await client.send(.put, "/api/v1/tenants/demo/endpoints/talk", "{}", authorization: token).status
                    == 403
            )
            #expect(try await client.send(.get, "/api/v1/tenants/other", authorization: token).status == 403)
            let list = try await client.send(.get, "/api/v1/tenants", authorization: token)
            #expect(try list.decode(ResourceList<TenantResource>.self).value.map(\.name) == ["demo"])
            let me = try await client.send(.get, "/api/v1/me", authorization: token).decode(IdentityResource.self)
            #expect(me == IdentityResource(name: "alice", grants: [.init(role: "deployer", tenant: "demo")]))
            _ = try await client.put(
                "\(Self.accounts)/alice",
                OperatorResource(name: "alice", role: "reviewer", disabled: true)
            )
            #expect(try await client.send(.get, "/api/v1/me", authorization: token).status == 401)
        }
    }

    @Test func `only who sets a deployment's headers sees them`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let path = "/api/v1/tenants/demo/endpoints/chat/deployments/blue"
            let body = #"""
                {"upstream":{"urls":["http://127.0.0.1:9000"],"headers":{"x-key":"canary"}},
                 "environmentVariables":{"A":"canary"}}
                """#
            _ = try await client.send(.put, path, body)
            let reviewer = "Bearer \(try await account(client, "rita", "reviewer"))"
            let deployer = "Bearer \(try await account(client, "dan", "deployer", tenant: "demo"))"
            for uri in [path, "/api/v1/tenants/demo/endpoints/chat/deployments", "/api/v1/audit"] {
                #expect(try await !client.send(.get, uri, authorization: reviewer).text.contains("canary"), "\(uri)")
            }
            #expect(try await client.send(.get, path, authorization: deployer).text.contains("canary"))
        }
    }

    @Test func `nobody gives away more than they have`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let admin = "Bearer \(try await account(client, "ada", "admin", tenant: "demo"))"
            _ = try await account(client, "olga", "owner", tenant: "demo")
            func put(_ uri: String, _ body: String) async throws -> Int {
                try await client.send(.put, uri, body, authorization: admin).status
            }
            #expect(try await put("\(Self.accounts)/eve", #"{"role":"owner","tenant":"demo"}"#) == 403)
            #expect(try await put("\(Self.accounts)/eve", #"{"role":"admin"}"#) == 403)
            #expect(try await put("\(Self.accounts)/eve", #"{"role":"admin","tenant":"demo"}"#) == 201)
            #expect(try await put("\(Self.accounts)/olga", #"{"role":"reviewer","tenant":"demo"}"#) == 403)
            #expect(
                try await client.send(.post, "\(Self.accounts)/olga/tokens", "{}", authorization: admin).status == 403
            )
            #expect(try await client.send(.delete, "\(Self.accounts)/olga", authorization: admin).status == 403)
            let roles = "/api/v1/tenants/demo/roles"
            #expect(try await put("\(roles)/boss", #"{"role":"owner","subject":"s"}"#) == 403)
            #expect(try await put("\(roles)/help", #"{"role":"admin","subject":"s"}"#) == 201)
            #expect(try await put("\(roles)/help", #"{"role":"admin","subject":"s","endpoints":["chat"]}"#) == 400)
            let apply = #"{"roles":[{"tenant":"demo","name":"boss","role":"owner","subject":"s"}]}"#
            #expect(try await client.send(.post, "/api/v1/apply", apply, authorization: admin).status == 403)
        }
    }

    @Test func `neither a secret for a principal nor an issuer's keys lead to a role that one may not give`()
        async throws
    {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let made = try await client.send(.post, "/api/v1/tenants/demo/principals", #"{"name":"robot"}"#)
            let id = try #require(try made.decode(PrincipalResource.self).clientId)
            let boss = RoleResource(tenant: "demo", name: "boss", role: "owner")
            var byApplication = boss
            byApplication.application = id
            _ = try await client.put("/api/v1/tenants/demo/roles/boss", byApplication)
            let keyAdmin = "Bearer \(try await account(client, "kim", "key-admin", tenant: "demo"))"
            let admin = "Bearer \(try await account(client, "ada", "admin", tenant: "demo"))"
            for asker in [keyAdmin, admin] {
                let uri = "/api/v1/tenants/demo/principals/robot/secrets"
                #expect(try await client.send(.post, uri, "{}", authorization: asker).status == 403)
            }
            let issuer = #"{"issuers":["https://a.example"],"audiences":["x"],"keysUrl":"https://a.example/k"}"#
            let uri = "/api/v1/tenants/demo/issuers/mine"
            #expect(try await client.send(.put, uri, issuer, authorization: admin).status == 403)
            #expect(try await client.send(.put, uri, issuer).status == 201)
        }
    }

    @Test func `a token of a trusted issuer has the roles that its tenant gave it`() async throws {
        let fixture = try await AdminFixture(verify: { text in
            guard text == "eyJ.genuine.token" else { return nil }
            return VerifiedToken(
                issuer: .trusted([.init(tenant: "demo", name: "entra"), .init(tenant: "other", name: "entra")]),
                subject: "s-1",
                groups: ["ops"],
                expiresAt: 4_000_000_000
            )
        })
        try await fixture.withClient { client in
            try await client.prepare()
            let token = "Bearer eyJ.genuine.token"
            #expect(
                try await client.send(.get, "/api/v1/tenants/demo", authorization: "Bearer eyJ.forged.token").status
                    == 401
            )
            #expect(try await client.send(.get, "/api/v1/tenants/demo", authorization: token).status == 403)
            let issuer = #"{"issuers":["https://a.example"],"audiences":["x"],"keysUrl":"https://a.example/k"}"#
            _ = try await client.send(.put, "/api/v1/tenants/demo/issuers/entra", issuer)
            let role = #"{"role":"admin","group":"ops","issuer":"entra"}"#
            #expect(try await client.send(.put, "/api/v1/tenants/demo/roles/ops", role).status == 201)
            #expect(
                try await client.send(.put, "/api/v1/tenants/demo/endpoints/talk", "{}", authorization: token).status
                    == 201
            )
            let audit = try await client.send(.get, "/api/v1/audit?limit=1").decode(
                ResourceList<AuditEntryResource>.self
            )
            #expect(audit.value.first?.operator == "token:entra/s-1")
            _ = try await client.send(.put, "/api/v1/tenants/other", "{}")
            #expect(try await client.send(.get, "/api/v1/tenants/other", authorization: token).status == 403)
            _ = try await client.send(.post, "/api/v1/tenants/demo/suspend")
            #expect(try await client.send(.get, "/api/v1/tenants/demo", authorization: token).status == 403)
        }
    }

    @Test func `an operator is put as a whole or not at all, on the condition that it is as it was`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let uri = "\(Self.accounts)/alice"
            let made = try await client.send(.put, uri, #"{"role":"reviewer","tenant":"demo","disabled":true}"#)
            #expect(made.status == 201 && made.text.contains(#""disabled" : true"#))
            #expect(try await client.send(.put, uri, #"{"role":"owner","password":"short"}"#).status == 400)
            let shown = try await client.send(.get, uri)
            let alice = try shown.decode(OperatorResource.self)
            #expect(alice.role == "reviewer" && alice.tenant == "demo" && alice.disabled == true)
            let tag = try #require(shown.headers[.eTag])
            let body = #"{"role":"deployer","tenant":"demo"}"#
            let changed = try await client.send(.put, uri, body, headers: [.ifMatch: tag])
            #expect(changed.status == 200 && changed.headers[.eTag] != tag)
            #expect(try changed.decode(OperatorResource.self).disabled == true)
            #expect(try await client.send(.put, uri, body, headers: [.ifMatch: tag]).status == 412)
            #expect(try await client.send(.delete, uri, headers: [.ifMatch: tag]).status == 412)
        }
    }

    @Test func `the tag of another tenant's operator tells nothing of it`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            _ = try await client.send(.put, "/api/v1/tenants/other", "{}")
            _ = try await account(client, "olga", "reviewer", tenant: "other")
            let token = "Bearer \(try await account(client, "ada", "admin", tenant: "demo"))"
            var answers: [String] = []
            for name in ["olga", "nobody"] {
                for headers: HTTPFields in [[:], [.ifMatch: "\"x\""], [.ifMatch: "*"]] {
                    for method in [HTTPRequest.Method.get, .delete] {
                        let uri = "\(Self.accounts)/\(name)"
                        let answer = try await client.send(method, uri, headers: headers, authorization: token)
                        answers.append("\(answer.status) \(answer.text.replacing(name, with: "x"))")
                    }
                }
            }
            #expect(answers.count == 12 && answers.prefix(6) == answers.suffix(6), "\(answers)")
        }
    }

    @Test func `a login takes a name and a password, five times a minute`() async throws {
        try await AdminFixture().withClient { client in
            let body = #"{"role":"admin","password":"a long password"}"#
            #expect(try await client.send(.put, "\(Self.accounts)/alice", body).status == 201)
            func logIn(_ password: String) async throws -> TestAnswer {
                let body = #"{"name":"alice","password":"\#(password)"}"#
                return try await client.send(.post, "/api/v1/login", body, authorization: nil)
            }
            let session = try await logIn("a long password").decode(OperatorTokenResource.self)
            let token = try #require(session.token)
            #expect(session.session == true && session.expiresAt != nil)
            #expect(try await client.send(.get, "/api/v1/me", authorization: "Bearer \(token)").status == 200)
            for _ in 0..<4 {
                let wrong = try await logIn("wrong")
                #expect(wrong.status == 401, "\(wrong.text)")
            }
            let late = try await logIn("a long password")
            #expect(late.status == 429 && late.headers[.retryAfter] != nil)
            #expect(!late.text.contains("password\""))
            let shown = try await client.send(.get, "\(Self.accounts)/alice").text
            #expect(!shown.contains("scrypt") && !shown.contains(token) && shown.contains(#""hasPassword" : true"#))
        }
    }
}
