import GatewayCore
import Testing

/// Whose a refused request is, for its receipt.
@Suite struct OwnerTests {
    private static func owner(_ head: RequestHead, _ body: String? = nil) throws -> [String]? {
        let fields = body.map { BodyFields(of: Array($0.utf8).span, contentType: "application/json") }
        let owner = try Fixture().admission.owner(of: head, fields: fields, token: nil, at: .init(uptime: 0, wall: 0))
        return owner.map { [$0.tenant, $0.endpoint] }
    }

    @Test func `of a caller who is known it is the tenant's, and another tenant's endpoint is none`() throws {
        func head(_ path: String) -> RequestHead {
            RequestHead(method: "POST", path: path, credential: .bearer(Fixture.chatKey))
        }
        #expect(try Self.owner(head("/demo/chat/score")) == ["demo", "chat"])
        #expect(try Self.owner(head("/demo/none/score")) == ["demo", ""])
        #expect(try Self.owner(head("/other/chat/score")) == ["demo", ""])
        #expect(try Self.owner(head("/v1/chat/completions"), #"{"model":"gpt-4.1-mini"}"#) == ["demo", "chat"])
        #expect(try Self.owner(head("/v1/chat/completions")) == ["demo", ""])
    }

    @Test func `without a caller it is who the URL names, if there is one`() throws {
        func head(_ path: String, host: String = "") -> RequestHead {
            RequestHead(method: "POST", path: path, host: host, credential: .bearer("wrong"))
        }
        #expect(try Self.owner(head("/demo/chat/score")) == ["demo", "chat"])
        #expect(try Self.owner(head("/demo/none/score")) == ["demo", ""])
        #expect(try Self.owner(head("/", host: "chat.example.org")) == ["demo", "chat"])
        #expect(try Self.owner(head("/nobody/chat/score")) == nil)
        #expect(try Self.owner(head("/v1/chat/completions"), #"{"model":"gpt-4.1-mini"}"#) == nil)
    }
}
