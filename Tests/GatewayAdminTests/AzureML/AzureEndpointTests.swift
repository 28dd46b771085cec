import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Testing

@testable import GatewayAdmin

@Suite struct AzureEndpointTests {
    private static let uri = Azure.endpoint + Azure.version

    private static func body(_ properties: String) -> String { #"{"location":"local","properties":{\#(properties)}}"# }

    @Test func `the metadata document names the host by which it was asked, without a token`() async throws {
        try await AdminFixture().withClient { client in
            let answer = try await client.send(.get, "/metadata/endpoints?api-version=2019-05-01", authorization: nil)
            let document = try answer.decode(ARMValue.self)
            let base = document.list?.first?["resourceManager"]?.text
            #expect(answer.status == 200 && base?.hasPrefix("https://") == true && base?.hasSuffix("/") == true)
            #expect(document.list?.first?["suffixes"]?["storage"] == "local")
            #expect(document.list?.first?["name"] == "SelfHosted")
        }
    }

    @Test func `a workspace is a tenant, whatever the subscription`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let shown = try await client.azure(.get, Azure.scope.id + Azure.version)
            #expect(shown["location"] == "local" && shown["id"]?.text == Azure.scope.id)
            let list = "/subscriptions/other/resourceGroups/x/providers/\(ARMScope.provider)/workspaces"
            #expect(try await client.azure(.get, list)["value"]?.list?.map { $0["name"] } == ["demo"])
            let missing = ARMScope(subscription: "s", resourceGroup: "g", workspace: "nobody").id
            let answer = try await client.send(.get, missing)
            #expect(answer.status == 404 && answer.text.contains("tenants create"))
        }
    }

    @Test func `an endpoint is put, shown with what the SDK needs, listed and deleted`() async throws {
        try await AdminFixture().withClient { client in
            _ = try await client.send(.put, "/api/v1/tenants/demo", "{}")
            let body = #"""
                {"location":"local","identity":{"type":"SystemAssigned"},"tags":{"team":"a","n":1},
                 "properties":{"authMode":"AMLToken","description":"d","properties":{"createdBy":"x","p":"1"},
                 "traffic":{},"mirrorTraffic":{}}}
                """#
            let made = try await client.send(.put, Self.uri, body)
            #expect(made.status == 201)
            let shown = try await client.azure(.get, Self.uri)
            #expect(shown["id"]?.text == Azure.endpoint)
            #expect(shown["tags"] == ["team": "a", "n": "1"])
            let inner = try #require(shown["properties"])
            #expect(inner["authMode"] == "AMLToken" && inner["description"] == "d")
            #expect(inner["properties"] == ["p": "1"])
            #expect(inner["scoringUri"] == "https://localhost:8443/demo/chat/score")
            #expect(inner["provisioningState"] == "Succeeded")
            #expect(try await client.send(.put, Self.uri, body).status == 200)
            let list = try await client.azure(.get, "\(Azure.scope.id)/onlineEndpoints")
            #expect(list["value"]?.list?.map { $0["name"] } == ["chat"])
            #expect(try await client.send(.delete, Self.uri).status == 200)
            #expect(try await client.send(.delete, Self.uri).status == 204)
            #expect(try await client.send(.get, Self.uri).status == 404)
        }
    }

    @Test func `what is not read is said to be, and what is too large is refused`() async throws {
        try await AdminFixture().withClient { client in
            _ = try await client.send(.put, "/api/v1/tenants/demo", "{}")
            let body = #"{"zones":["1"],"properties":{"authMode":"Key","peering":"x"}}"#
            let answer = try await client.send(.put, Self.uri, body)
            let warning = answer.headers[try #require(HTTPField.Name("x-gatehouse-warning"))]
            #expect(answer.status == 201 && warning?.contains("zones has no meaning") == true)
            #expect(warning?.contains("properties.peering") == true)
            let long = String(repeating: "x", count: 70_000)
            let environment = "\(Azure.scope.id)/environments/e/versions/1\(Azure.version)"
            let asset = try await client.send(.put, environment, #"{"properties":{"condaFile":"\#(long)"}}"#)
            #expect(asset.status == 413 && asset.text.contains("64 KiB"))
            let deployment = Azure.body(#""codeConfiguration":{"scoringScript":"\#(long)"}"#)
            #expect(try await client.send(.put, Azure.deployment("blue"), deployment).status == 413)
            #expect(try await client.send(.get, Azure.deployment("blue")).status == 404)
        }
    }

    @Test func `a put in Azure's way keeps what Azure has no word for`() async throws {
        try await AdminFixture().withClient { client in
            _ = try await client.send(.put, "/api/v1/tenants/demo", "{}")
            let ours = #"""
                {"authModes":["key","aad_token"],"modelNames":["gpt-x"],"publicNetworkAccess":"disabled",
                 "rateLimits":[{"requests":5,"per":"minute"}]}
                """#
            _ = try await client.send(.put, "/api/v1/tenants/demo/endpoints/chat", ours)
            #expect(
                try await client.send(.put, Self.uri, Self.body(#""authMode":"Key","description":"new""#)).status == 200
            )
            let kept = try await client.get(EndpointResource.self, "/api/v1/tenants/demo/endpoints/chat")
            #expect(kept.authModes == ["key", "aad_token"] && kept.modelNames == ["gpt-x"] && kept.limits.count == 1)
            #expect(kept.publicNetworkAccess == "disabled" && kept.description == "new")
            _ = try await client.send(
                .put,
                Self.uri,
                Self.body(#""authMode":"AADToken","publicNetworkAccess":"Enabled""#)
            )
            let changed = try await client.get(EndpointResource.self, "/api/v1/tenants/demo/endpoints/chat")
            #expect(changed.authModes == ["aad_token"] && changed.publicNetworkAccess == "enabled")
        }
    }

    @Test func `traffic finds deployments in any letter case, and refuses those that are not there`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            #expect(try await client.send(.put, Azure.deployment("Blue"), Azure.body()).status == 201)
            let split = Self.body(#""authMode":"Key","traffic":{"blue":100.0}"#)
            let shown = try await client.azure(.put, Self.uri, split)
            #expect(shown["properties"]?["traffic"] == ["Blue": 100])
            for weights in [#"{"nosuch":100}"#, #"{"blue":50}"#, #"{"blue":"x"}"#, #"{"blue":101}"#, "[]"] {
                let answer = try await client.send(.put, Self.uri, Self.body(#""traffic":\#(weights)"#))
                #expect(answer.status == 400, "\(weights)")
            }
            #expect(try await client.azure(.get, Self.uri)["properties"]?["traffic"] == ["Blue": 100])
        }
    }

    @Test func `a put of traffic is followed until what gets it is ready`() async throws {
        let fixture = try await AdminFixture()
        let (readiness, plane) = (fixture.readiness, fixture.controlPlane)
        try await fixture.withClient { client in
            try await client.prepareAzure()
            #expect(try await client.send(.put, Azure.deployment("blue"), Azure.body()).status == 201)
            readiness.set("demo/chat/blue", ready: 0, lastAnswer: "a connect failed")
            func put() async throws -> String {
                let body = Self.body(#""authMode":"Key","traffic":{"blue":100}"#)
                let answer = try await client.send(.put, Self.uri, body)
                let location = answer.headers[try #require(HTTPField.Name("Azure-AsyncOperation"))]
                return try #require(location.flatMap { URL(string: $0)?.path })
            }
            let uri = try await put()
            #expect(try await client.azure(.get, uri)["status"] == "InProgress")
            #expect(try await client.azure(.get, Self.uri)["properties"]?["provisioningState"] == "Updating")
            let plan = OperationPlan(putting: try plane.store.deployment("demo", "chat", "blue"), isNew: true)
            _ = try await plane.operations.fail(plan, code: "DeploymentNotReady", message: "not ready")
            await plane.operations.advance()
            let over = try await client.azure(.get, uri)
            #expect(over["status"] == "Failed")
            #expect(over["error"]?["message"]?.text?.hasSuffix("its last probe: a connect failed") == true)
            let again = try await put()
            readiness.set("demo/chat/blue", ready: 1)
            await plane.operations.advance()
            #expect(try await client.azure(.get, again)["status"] == "Succeeded")
            #expect(try await client.azure(.get, Self.uri)["properties"]?["provisioningState"] == "Succeeded")
        }
    }

    @Test func `mirror traffic is stored, shown and taken away, and is nobody's who has traffic`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            for name in ["blue", "green"] { _ = try await client.send(.put, Azure.deployment(name), Azure.body()) }
            let split = #""authMode":"Key","traffic":{"blue":100},"mirrorTraffic":"#
            let shown = try await client.azure(.put, Self.uri, Self.body(split + #"{"Green":10}"#))
            #expect(shown["properties"]?["mirrorTraffic"] == ["green": 10])
            #expect(try await client.send(.put, Self.uri, Self.body(split + #"{"blue":10}"#)).status == 400)
            let ended = try await client.azure(.put, Self.uri, Self.body(split + "{}"))
            #expect(ended["properties"]?["mirrorTraffic"] == [:])
        }
    }

    @Test(
        arguments: [
            "[]", "{}", #"{"properties":1}"#, #"{"properties":{"authMode":"Magic"}}"#,
            #"{"properties":{"authMode":"None"}}"#,
            #"{"properties":{"keys":{"primaryKey":"mine"}}}"#,
            #"{"identity":{"type":"UserAssigned","userAssignedIdentities":{"/a":{}}},"properties":{}}"#,
            #"{"identity":{"type":"SystemAssigned,UserAssigned"},"properties":{}}"#,
            #"{"properties":{"compute":"aks"}}"#, #"{"properties":{"publicNetworkAccess":"maybe"}}"#,
            #"{"tags":{"a":[]},"properties":{}}"#, #"{"properties":{"traffic":{"blue":100}}}"#, "{",
        ]
    )
    func `a body that cannot be meant is refused and makes nothing`(body: String) async throws {
        try await AdminFixture().withClient { client in
            _ = try await client.send(.put, "/api/v1/tenants/demo", "{}")
            let answer = try await client.send(.put, Self.uri, body)
            #expect(answer.status == 400)
            #expect(try answer.decode(ARMValue.self)["error"]?["message"]?.text?.isEmpty == false)
            #expect(try await client.send(.get, Self.uri).status == 404)
        }
    }

    @Test func `keys are listed, and one is made anew when the SDK sends the old one`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let before = try await client.azure(.post, "\(Azure.endpoint)/listKeys\(Azure.version)")
            let primary = try #require(before["primaryKey"]?.text)
            let asked = #"{"keyType":"Primary","keyValue":"\#(primary)"}"#
            let regenerate = "\(Azure.endpoint)/regenerateKeys\(Azure.version)"
            #expect(try await client.send(.post, regenerate, asked).status == 200)
            let after = try await client.azure(.post, "\(Azure.endpoint)/LISTKEYS\(Azure.version)")
            #expect(after["primaryKey"] != before["primaryKey"] && after["secondaryKey"] == before["secondaryKey"])
            for bad in [#"{"keyType":"Primary","keyValue":"mine"}"#, #"{"keyType":"Third"}"#, "{}"] {
                #expect(try await client.send(.post, regenerate, bad).status == 400)
            }
        }
    }

    @Test func `a token is given only for an endpoint that takes tokens`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            #expect(try await client.send(.post, "\(Azure.endpoint)/token").status == 400)
            _ = try await client.send(.put, Self.uri, Self.body(#""authMode":"AMLToken""#))
            let token = try await client.azure(.post, "\(Azure.endpoint)/token")
            #expect(token["accessToken"]?.text?.hasPrefix("demo chat ") == true)
            #expect(
                token["expiryTimeUtc"] == 3600 && token["refreshAfterTimeUtc"] == 1800 && token["tokenType"] == "Bearer"
            )
        }
    }

    @Test func `openapi_uri leads to a document with the URL where the endpoint is called`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let uri = try #require(try await client.azure(.get, Self.uri)["properties"]?["swaggerUri"]?.text)
            let path = try #require(URL(string: uri)?.path)
            let document = try await client.azure(.get, path)
            #expect(document["servers"]?.list?.first?["url"] == "https://localhost:8443/demo/chat")
            #expect(document["paths"]?["/score"]?["post"] != nil)
        }
    }

    @Test func `every path needs the operator, and a method that a path does not have is said to be none`() async throws
    {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            for route in ARMRoutes.table {
                var path = route.path.text
                for (place, name) in [
                    ("{subscription}", "s"), ("{group}", "g"), ("{workspace}", "demo"), ("{endpoint}", "chat"),
                    ("{deployment}", "blue"), ("{name}", "m"), ("{version}", "1"), ("{datastore}", "d"),
                    ("{location}", "l"),
                    ("{operation}", "o"),
                ] { path = path.replacing(place, with: name) }
                #expect(!path.contains("{"))
                #expect(try await client.send(route.method, path, authorization: nil).status == 401)
                #expect(try await client.send(route.method, path, authorization: "Bearer wrong").status == 401)
            }
            #expect(try await client.send(.patch, Azure.endpoint, "{}").status == 405)
            #expect(try await client.send(.get, "\(Azure.scope.id)/batchEndpoints").status == 404)
        }
    }
}
