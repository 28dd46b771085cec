import Foundation
import GatewayAPI
import HTTPTypes
import Testing

@testable import GatewayAdmin

@Suite struct WebhookRoutesTests {
    private static let webhooks = "/api/v1/tenants/demo/webhooks"

    @Test func `a webhook is shown with its signing secret when it is made, and not again`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let url = "\(Self.webhooks)/hook"
            let body = #"{"url":"https://hooks.example.com/x","events":["quota.threshold"],"headers":{"x-a":"1"}}"#
            let made = try await client.send(.put, url, body)
            #expect(made.status == 201)
            #expect(try made.decode(WebhookResource.self).secret?.hasPrefix("whsec_") == true)
            let shown = try await client.get(WebhookResource.self, url)
            #expect(shown.secret == nil)
            #expect(shown.headers == ["x-a": WebhookResource.hidden])
            // A value that is not shown cannot be sent back.
            let hidden = #"{"url":"https://hooks.example.com/x","headers":{"x-a":"\#(WebhookResource.hidden)"}}"#
            #expect(try await client.send(.put, url, hidden).status == 400)
            #expect(try await client.get(ResourceList<WebhookResource>.self, Self.webhooks).value == [shown])
            #expect(try await client.send(.delete, url).status == 204)
            #expect(try await client.send(.get, url).status == 404)
        }
    }

    @Test func `a test says what the receiver answered`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            for (name, delivered) in [("hook", true), ("deaf", false)] {
                _ = try await client.send(.put, "\(Self.webhooks)/\(name)", #"{"url":"https://hooks.example.com"}"#)
                let answer = try await client.send(.post, "\(Self.webhooks)/\(name)/test", "{}")
                #expect(answer.status == 200)
                #expect(try answer.decode(WebhookTestResource.self).delivered == delivered)
            }
            let log = "\(Self.webhooks)/hook/deliveries"
            #expect(try await client.get(ResourceList<WebhookDeliveryResource>.self, log).value.isEmpty)
            #expect(try await client.send(.get, "\(Self.webhooks)/none/deliveries").status == 404)
        }
    }

    @Test(arguments: [
        #"{}"#, #"{"url":"ftp://a.example"}"#, #"{"url":"https://u:p@a.example"}"#,
        #"{"url":"https://a.example","events":["moon.full"]}"#, #"{"url":"https://a.example","event":["x"]}"#,
        #"{"url":"https://a.example","headers":{"bad name":"1"}}"#,
    ])
    func `a webhook that cannot be is refused`(body: String) async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            #expect(try await client.send(.put, "\(Self.webhooks)/hook", body).status == 400)
        }
    }
}
