import Foundation
import GatewayAPI
import GatewayCore
import HTTPTypes
import HummingbirdTesting
import NIOCore

@testable import GatewayAdmin

/// Paths and bodies of Azure's dialect, for a workspace `demo`.
enum Azure {
    static let scope = ARMScope(subscription: "s1", resourceGroup: "rg", workspace: "demo")
    static let endpoint = "\(scope.id)/onlineEndpoints/chat"
    static let version = "?api-version=2023-04-01-preview"

    static func deployment(_ name: String) -> String { "\(endpoint)/deployments/\(name)\(version)" }

    /// A deployment's body: `properties` as they are given, with the URLs that serve it, if any.
    static func body(urls: String? = "http://127.0.0.1:9000", _ properties: String = "") -> String {
        let variables = urls.map { #""environmentVariables":{"GATEHOUSE_UPSTREAM_URLS":"\#($0)","A":"1"}"# }
        let members = [variables, #""endpointComputeType":"Managed""#, properties.isEmpty ? nil : properties]
        let inner = members.compactMap(\.self).joined(separator: ",")
        return #"{"location":"local","sku":{"name":"Default","capacity":1},"tags":{"n":7},"properties":{\#(inner)}}"#
    }

    static let upstream = Serving.upstream(UpstreamDefinition(urls: ["http://127.0.0.1:9001"]))
}

extension AdminTestClient {
    /// The workspace `demo` with the endpoint `chat`, made in Azure's way.
    func prepareAzure() async throws {
        _ = try await send(.put, "/api/v1/tenants/demo", "{}")
        _ = try await send(
            .put,
            Azure.endpoint + Azure.version,
            #"{"location":"local","properties":{"authMode":"Key"}}"#
        )
    }

    func azure(_ method: HTTPRequest.Method, _ uri: String, _ body: String? = nil) async throws -> ARMValue {
        try await send(method, uri, body).decode(ARMValue.self)
    }

    /// A request with bytes and headers of its own.
    func raw(
        _ method: HTTPRequest.Method,
        _ uri: String,
        _ body: String = "",
        headers: [String: String] = [:],
        isOperator: Bool = true
    ) async throws -> TestAnswer {
        var fields: HTTPFields = [.contentLength: "\(body.utf8.count)"]
        if isOperator { fields[.authorization] = "Bearer \(AdminFixture.token)" }
        for (name, value) in headers {
            guard let name = HTTPField.Name(name) else { continue }
            fields[name] = value
        }
        return try await client.execute(uri: uri, method: method, headers: fields, body: ByteBuffer(string: body)) {
            TestAnswer(status: $0.status.code, headers: $0.headers, text: String(buffer: $0.body))
        }
    }
}
