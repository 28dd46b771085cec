import Foundation
import GatewayAPI
import GatewayCore
import HTTPTypes
import Testing

@testable import GatewayAdmin

@Suite struct DeploymentSecretRoutesTests {
    private static let blue = "/api/v1/tenants/demo/endpoints/chat/deployments/blue"
    private static let secrets = "\(blue)/secrets"
    private static let secret = "\(secrets)/backend-key"
    private static let value = #"{"value":"canary-of-a-secret"}"#

    private static func body(_ header: String, _ url: String = "http://127.0.0.1:9000") -> String {
        #"{"upstream":{"urls":["\#(url)"],"headers":{"x-key":"\#(header)"}}}"#
    }

    /// The credential of an operator of `demo`.
    private static func operatorToken(_ client: AdminTestClient, _ role: String) async throws -> String {
        _ = try await client.send(.put, "/api/v1/operators/ada", #"{"role":"\#(role)","tenant":"demo"}"#)
        let made = try await client.send(.post, "/api/v1/operators/ada/tokens", "{}")
        return "Bearer \(try #require(try made.decode(OperatorTokenResource.self).token))"
    }

    @Test func `one is set, listed, changed and removed, and no answer ever has its value`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            var answers = [try await client.send(.put, Self.secret, Self.value)]
            #expect(answers[0].status == 201 && answers[0].headers[.eTag] != nil)
            let made = try answers[0].decode(DeploymentSecretResource.self)
            #expect(made.name == "backend-key" && made.headers == [])
            answers.append(try await client.send(.put, Self.blue, Self.body("Bearer ${secret:backend-key}")))
            answers.append(try await client.send(.put, Self.secret, #"{"value":"canary-two"}"#))
            answers.append(try await client.send(.get, Self.secrets))
            #expect(answers.map(\.status) == [201, 200, 200, 200], "\(answers.map(\.text))")
            let list = try answers[3].decode(ResourceList<DeploymentSecretResource>.self).value
            #expect(list.map(\.headers) == [["x-key"]])
            answers.append(try await client.send(.delete, Self.secret))
            #expect(answers[4].status == 409 && answers[4].text.contains("take it out of there first"))
            for uri in [Self.blue, "/api/v1/audit", "/api/v1/openapi.json", "/api/v1/operations"] {
                answers.append(try await client.send(.get, uri))
            }
            _ = try await client.send(.put, Self.blue, Self.body("none"))
            answers.append(try await client.send(.delete, Self.secret))
            #expect(answers.last?.status == 204)
            answers.append(try await client.send(.delete, Self.secret))
            #expect(answers.last?.status == 404)
            #expect(answers.allSatisfy { !$0.text.contains("canary-") })
        }
    }

    @Test func `a header that refers to none is refused with the command that sets it`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let answer = try await client.send(.put, Self.blue, Self.body("${secret:backend-key}"))
            #expect(answer.status == 400)
            let error = try answer.decode(APIErrorBody.self).error
            #expect(error.message.contains("gatehouse deployments set-secret demo/chat/blue backend-key"))
        }
    }

    @Test(
        arguments: [
            (secret, "{}", 400), (secret, #"{"value":""}"#, 400), (secret, #"{"value":"canary\r\nx: y"}"#, 400),
            (secret, #"{"value":"canary","more":1}"#, 400), (secret, #"{"value":["canary"]}"#, 400),
            ("\(secrets)/a!", #"{"value":"canary"}"#, 400),
            ("/api/v1/tenants/nobody/endpoints/chat/deployments/blue/secrets/abc", #"{"value":"canary"}"#, 404),
        ]
    )
    func `a refusal does not repeat what was sent`(uri: String, body: String, status: Int) async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let answer = try await client.send(.put, uri, body)
            #expect(answer.status == status, "\(answer.text)")
            #expect(!answer.text.contains("canary"))
            let list = try await client.get(ResourceList<DeploymentSecretResource>.self, Self.secrets)
            #expect(list.value.isEmpty)
        }
    }

    @Test func `a tenant's deployer keeps the tenant's own, and gets at none of the gateway's`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let token = try await Self.operatorToken(client, "deployer")
            let url = "https://a.example"
            #expect(try await client.send(.put, Self.secret, Self.value, authorization: token).status == 201)
            let own = Self.body("${secret:backend-key}", url)
            #expect(try await client.send(.put, Self.blue, own, authorization: token).status == 200)
            let mixed = Self.body("${secret:backend-key}${env:BACKEND_KEY}", url)
            let refused = try await client.send(.put, Self.blue, mixed, authorization: token)
            #expect(refused.status == 400 && refused.text.contains("gatehouse deployments set-secret"))
            for tenant in ["other", "nobody"] {
                let uri = Self.secret.replacing("demo", with: tenant)
                #expect(try await client.send(.put, uri, Self.value, authorization: token).status == 403)
            }
        }
    }

    @Test func `a reviewer sees names, and changes nothing`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            _ = try await client.send(.put, Self.secret, Self.value)
            let token = try await Self.operatorToken(client, "reviewer")
            let list = try await client.send(.get, Self.secrets, authorization: token)
            #expect(list.status == 200 && list.text.contains("backend-key") && !list.text.contains("canary"))
            #expect(try await client.send(.put, Self.secret, Self.value, authorization: token).status == 403)
            #expect(try await client.send(.delete, Self.secret, authorization: token).status == 403)
        }
    }
}
