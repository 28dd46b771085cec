import GatewayAPI
import HTTPTypes
import Testing

@testable import GatewayAdmin

@Suite struct BadRequestTests {
    private static let endpoint = "/api/v1/tenants/demo/endpoints/chat"

    @Test(arguments: [
        "", "{", "[]", "null", "\"text\"", "12", "\u{0}", #"{"traffic":{"blue":"ninety"}}"#, #"{"traffic":[1]}"#,
        #"{"unknown":1}"#, #"{"name":"other"}"#, #"{"tenant":"other"}"#, #"{"authMode":"password"}"#,
        #"{"authMode":"key","authModes":["aad_token"]}"#, #"{"authMode":7}"#, #"{"authModes":[]}"#,
        #"{"authMode":"none"}"#, #"{"authMode":"none","public":true}"#, #"{"authModes":["none","key"],"public":true}"#,
        #"{"publicNetworkAccess":"sometimes"}"#, #"{"allowedNetworks":["10.0.0.0/33"]}"#,
        #"{"rateLimits":[{}]}"#, #"{"rateLimits":[{"requests":1}]}"#, #"{"rateLimits":[{"requests":0,"per":"hour"}]}"#,
        #"{"rateLimits":[{"requests":1,"tokens":1,"per":"hour"}]}"#, #"{"rateLimits":[{"requests":1,"per":"day"}]}"#,
        #"{"rateLimits":[{"concurrent":1,"per":"hour"}]}"#, #"{"rateLimits":[{"concurrent":1,"by":"name"}]}"#,
        #"{"rateLimits":[{"requests":1,"per":"hour","warn":true}]}"#, #"{"rateLimits":{"requests":1}}"#,
        #"{"quotas":[{"tokens":1}]}"#, #"{"quotas":[{"tokens":1,"per":"year"}]}"#, #"{"quotas":[{"per":"day"}]}"#,
        #"{"quotas":[{"cost":0.0000001,"per":"day"}]}"#, #"{"quotas":[{"cost":-1,"per":"day"}]}"#,
        #"{"quotas":[{"tokens":1,"per":"day","timeZone":"Mars/Base"}]}"#,
        #"{"cors":{}}"#, #"{"cors":{"allowedOrigins":["*"],"allowCredentials":true}}"#,
        #"{"cors":{"allowedOrigins":["null"]}}"#, #"{"cors":{"allowedOrigins":["https://a.example/"]}}"#,
        #"{"keyRotation":{"every":86400}}"#, #"{"keyRotation":{"every":10,"overlap":20}}"#,
        #"{"maintenance":{"retryAfter":1}}"#,
        #"{"traffic":{"blue":1e400}}"#, String(repeating: "[", count: 100_000),
    ])
    func `a body that is not what the URL takes is a 400 in JSON`(body: String) async throws {
        try await AdminFixture().withClient { client in
            _ = try await client.send(.put, "/api/v1/tenants/demo", "{}")
            let answer = try await client.send(.put, Self.endpoint, body)
            #expect(answer.status == 400)
            #expect(answer.text.contains(#""code" : "InvalidRequest""#), "\(answer.text)")
        }
    }

    @Test(arguments: [
        "{}", #"{"upstream":{"urls":["http://a"]},"native":{}}"#,
        #"{"native":{"engine":"onnx"},"model":"azureml:m:1"}"#,
        #"{"native":{"slots":0},"model":"azureml:m:1"}"#, #"{"native":{},"model":"m"}"#, #"{"upstream":{"urls":"x"}}"#,
        #"{"upstream":{"urls":["http://a"]},"requestSettings":{"requestTimeoutMs":0}}"#,
        #"{"upstream":{"urls":["http://a"],"probes":{}}}"#,
        #"{"upstream":{"urls":["http://127.0.0.1"]},"price":{"perToken":1}}"#,
        #"{"upstream":{"urls":["http://127.0.0.1"]},"price":{"perRequest":1e12}}"#,
        #"{"upstream":{"urls":["http://127.0.0.1"]},"price":{"perRequest":"1"}}"#,
        #"{"upstream":{"urls":["http://127.0.0.1"]},"rateLimits":[{"tokens":-1,"per":"minute"}]}"#,
        #"{"upstream":{"urls":["http://127.0.0.1"]},"readinessProbe":{"initialDelay":9223372036854775807}}"#,
        #"{"upstream":{"urls":["http://127.0.0.1"]},"readinessProbe":{"period":9223372036854775807}}"#,
        #"{"upstream":{"urls":["http://127.0.0.1"]},"readinessProbe":{"failureThreshold":-9223372036854775808}}"#,
        #"{"upstream":{"urls":["http://127.0.0.1"]},"requestSettings":{"requestTimeoutMs":9223372036854775807}}"#,
        #"{"upstream":{"urls":["http://127.0.0.1"]},"requestSettings":{"maxQueueWaitMs":9223372036854775807}}"#,
    ])
    func `a deployment that cannot be is a 400 in JSON`(body: String) async throws {
        try await AdminFixture().withClient { client in
            _ = try await client.send(.put, "/api/v1/tenants/demo", "{}")
            _ = try await client.send(.put, Self.endpoint, "{}")
            let answer = try await client.send(.put, "\(Self.endpoint)/deployments/blue", body)
            #expect(answer.status == 400)
            #expect(answer.text.contains(#""code" : "InvalidRequest""#), "\(answer.text)")
        }
    }

    @Test(arguments: [
        (#"{"capture":{"only":{"header":{}}}}"#, "capture.only.header.name", "is required"),
        (#"{"capture":{"collections":[{"name":"request"}]}}"#, "capture.collections[0].samplingRate", "is required"),
        (#"{"capture":{"bodyLimit":1.5}}"#, "capture.bodyLimit", "must be a whole number"),
        (#"{"capture":{"bodyLimit":1e30}}"#, "capture.bodyLimit", "must be a whole number"),
        (#"{"capture":{"bodyLimit":"1"}}"#, "capture.bodyLimit", "must be a whole number"),
        (#"{"capture":{"samplingRate":"1"}}"#, "capture.samplingRate", "must be a number"),
        (#"{"capture":{"headers":"a"}}"#, "capture.headers", "must be a list"),
        (#"{"capture":{"headers":[1]}}"#, "capture.headers[0]", "must be text"),
        (#"{"capture":{"headers":[null]}}"#, "capture.headers[0]", "is null, and must be text"),
        (#"{"capture":{"only":{"errors":1}}}"#, "capture.only.errors", "must be true or false"),
        (#"{"capture":[]}"#, "capture", "must be an object"),
    ])
    func `what is wrong with a member is said in plain words, with its path`(
        body: String,
        path: String,
        reason: String
    ) async throws {
        try await AdminFixture().withClient { client in
            _ = try await client.send(.put, "/api/v1/tenants/demo", "{}")
            let error = try await client.send(.put, Self.endpoint, body).decode(APIErrorBody.self).error
            #expect(error.message == "\(path): \(reason)" && error.target == path)
        }
    }

    @Test func `of several numbers that are not whole each is named, and a body that is no object is called that`()
        async throws
    {
        try await AdminFixture().withClient { client in
            _ = try await client.send(.put, "/api/v1/tenants/demo", "{}")
            for (body, message) in [
                (
                    #"{"capture":{"bodyLimit":1.5,"samplingRate":0.5}}"#,
                    "one of these must be a whole number: capture.bodyLimit, capture.samplingRate"
                ), ("[]", "the body must be an object"),
            ] {
                let error = try await client.send(.put, Self.endpoint, body).decode(APIErrorBody.self).error
                #expect(error.message == message)
            }
        }
    }

    @Test func `numbers that no sum of them fits are a 400 of apply too`() async throws {
        try await AdminFixture().withClient { client in
            let body = #"""
                {"endpoints":[{"tenant":"demo","name":"chat"}],
                 "deployments":[{"tenant":"demo","endpoint":"chat","name":"blue","upstream":{"urls":["http://127.0.0.1"]},
                 "readinessProbe":{"initialDelay":9223372036854775807,"period":9223372036854775807}}]}
                """#
            let answer = try await client.send(.post, "/api/v1/apply", body)
            #expect(answer.status == 400)
        }
    }

    @Test func `a body over 4 MiB is refused`() async throws {
        try await AdminFixture().withClient { client in
            let body = #"{"name":""# + String(repeating: "a", count: 4 << 20) + #""}"#
            let answer = try await client.send(.put, "/api/v1/tenants/demo", body)
            #expect(answer.status == 413)
            #expect(answer.text.contains(#""code" : "PayloadTooLarge""#))
        }
    }

    @Test(arguments: [
        "application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "application/xml",
        "application/jsonp", "text/json", "", "application/json, text/plain",
    ])
    func `a body that says it is not JSON is a 415 that tells what to add`(type: String) async throws {
        try await AdminFixture().withClient { client in
            let answer = try await client.send(.put, "/api/v1/tenants/demo", "{}", headers: [.contentType: type])
            #expect(answer.status == 415)
            #expect(answer.text.contains(#""code" : "UnsupportedMediaType""#))
            #expect(answer.text.contains("add -H 'content-type: application/json'"), "\(answer.text)")
            #expect(try await client.send(.get, "/api/v1/tenants/demo").status == 404)
            let login = try await client.send(.post, "/api/v1/login", "{}", headers: [.contentType: type])
            #expect(login.status == 415)
        }
    }

    @Test(arguments: [
        nil, "application/json", "Application/JSON; charset=utf-8", "application/json ;x=y",
        "application/merge-patch+json",
    ])
    func `a body of JSON, or of no type, is taken`(type: String?) async throws {
        let headers: HTTPFields = type.map { [.contentType: $0] } ?? [:]
        try await AdminFixture().withClient { client in
            let answer = try await client.send(.put, "/api/v1/tenants/demo", "{}", headers: headers)
            #expect(answer.status == 201)
        }
    }

    @Test(arguments: ["/healthz", "/api/v1/tenants", "/nothing", "/metadata/endpoints", "/demo/oauth2/token"])
    func `every answer of the admin listener asks for HTTPS`(uri: String) async throws {
        try await AdminFixture().withClient { client in
            for credential in [nil, "Bearer \(AdminFixture.token)", "Bearer wrong"] {
                let answer = try await client.send(.get, uri, authorization: credential)
                #expect(answer.headers[.strictTransportSecurity] == "max-age=63072000", "\(answer.status)")
            }
        }
    }

    @Test(arguments: [
        "/api/v1/tenants/%00", "/api/v1/tenants/%ff%fe", "/api/v1/tenants/..%2f..%2fetc", "/api/v1/tenants/V1",
        "/api/v1/tenants/" + String(repeating: "a", count: 5000), "/api/v1/tenants/%0d%0aX:1",
    ])
    func `a strange name in the URL is refused, in JSON`(uri: String) async throws {
        try await AdminFixture().withClient { client in
            let answer = try await client.send(.put, uri, "{}")
            #expect((400..<500).contains(answer.status))
            #expect(answer.text.contains(#""error""#))
        }
    }
}
