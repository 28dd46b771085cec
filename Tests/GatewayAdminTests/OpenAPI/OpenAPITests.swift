import Foundation
import GatewayAPI
import HTTPTypes
import Hummingbird
import Logging
import Testing

@testable import GatewayAdmin

@Suite struct OpenAPITests {
    @Test func `the document has every route of the router, and no other`() async throws {
        let fixture = try await AdminFixture()
        let router = Routes(controlPlane: fixture.controlPlane, logger: Logger(label: "test")).router()
        let served = router.routes.map { "\($0.method.rawValue) \($0.path)" }.filter { $0.contains("/api/") }
        try await fixture.withClient { client in
            let document = try await client.get(JSONValue.self, "/api/v1/openapi.json")
            #expect(document["openapi"] == "3.1.0")
            guard case .object(let paths) = document["paths"] else {
                Issue.record("no paths")
                return
            }
            let described = paths.flatMap { path, item -> [String] in
                guard case .object(let methods) = item else { return [] }
                return methods.keys.map { "\($0.uppercased()) \(path)" }
            }
            #expect(Set(described) == Set(served) && described.count == served.count)
        }
    }

    @Test func `every reference leads somewhere, and every operation has a name of its own`() async throws {
        let fixture = try await AdminFixture()
        let routes = Routes(controlPlane: fixture.controlPlane, logger: Logger(label: "test")).table
        let document = OpenAPIDocument(routes).value
        let text = String(decoding: try JSONEncoder().encode(document), as: UTF8.self).replacing("\\/", with: "/")
        guard case .object(let schemas) = document["components"]?["schemas"] else {
            Issue.record("no schemas")
            return
        }
        let references = text.matches(of: /#\/components\/schemas\/([A-Za-z]+)/).map { String($0.1) }
        #expect(!references.isEmpty && references.allSatisfy { schemas[$0] != nil })
        let names = text.matches(of: /"operationId":"([^"]+)"/).map { String($0.1) }
        #expect(names.count == routes.count && Set(names).count == names.count)
    }

    @Test func `a schema is what its type reads`() {
        let book = SchemaBook()
        _ = book.schema(of: RoleResource.self)
        let role = book.components["Role"]
        #expect(role?["required"] == ["role"])
        #expect(role?["additionalProperties"] == .flag(false))
        #expect(role?["properties"]?["endpoints"] == ["type": "array", "items": ["type": "string"]])
        _ = book.schema(of: EndpointResource.self)
        let endpoint = book.components["Endpoint"]
        #expect(endpoint?["required"] == nil)
        #expect(endpoint?["properties"]?["authMode"] == ["type": "string"])
        #expect(endpoint?["properties"]?["cors"] == ["$ref": "#/components/schemas/CORS"])
        let traffic: JSONValue = ["type": "object", "additionalProperties": ["type": "integer", "format": "int64"]]
        #expect(endpoint?["properties"]?["traffic"] == traffic)
        for type in [TenantResource.self, NamedKeyResource.self] as [any Decodable.Type] {
            _ = book.schema(of: type)
        }
        for name in ["Tenant", "NamedKey"] {
            #expect(book.components[name]?["properties"]?["queueWeight"] == ["type": "integer", "format": "int64"])
        }
        #expect(book.schema(of: Money.self) == ["type": "number"])
    }

    @Test func `every type of the table is described down to its last member`() async throws {
        let fixture = try await AdminFixture()
        for route in Routes(controlPlane: fixture.controlPlane, logger: Logger(label: "test")).table {
            for type in [route.takes, route.answers.body].compactMap(\.self) where type != JSONValue.self {
                // A type that stops half-way would be described half.
                #expect(throws: Never.self, "\(type)") { try type.init(from: SchemaRecorder(book: SchemaBook())) }
            }
        }
    }
}
