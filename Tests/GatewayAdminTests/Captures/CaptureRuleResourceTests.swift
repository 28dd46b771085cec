import Foundation
import GatewayAPI
import GatewayCore
import HTTPTypes
import Testing

@testable import GatewayAdmin

/// A rule of captures as the API takes and shows it.
@Suite struct CaptureRuleResourceTests {
    private static let endpoint = "/api/v1/tenants/demo/endpoints/chat"
    private static let every = #"""
        {"samplingRate":0.1,"parts":["response"],"bodyLimit":1000,"headers":["Content-Type","X-Team"],
         "only":{"errors":true,"slowerThanMs":2000,"callers":["demo/chat#primary"],"header":{"name":"X-Debug","value":"1"}},
         "redact":{"headers":["X-Patient"],"paths":["messages[*].name","**.email"],"patterns":["email","card","phone"],
          "expressions":[{"name":"patient","pattern":"P-\\d{6}"}]},"rollingRate":"Hour"}
        """#
    private static let rule: CaptureRule = {
        var rule = CaptureRule(
            samplingRate: 0.1,
            keepsRequest: false,
            bodyLimit: 1000,
            only: CaptureCondition(
                errors: true,
                slowerThan: 2000,
                callers: ["demo/chat#primary"],
                header: .init(name: "x-debug", value: "1")
            ),
            redaction: RedactionRule(
                headers: ["x-patient"],
                paths: ["messages[*].name", "**.email"],
                patterns: [.email, .card, .phone],
                expressions: [.init(name: "patient", pattern: #"P-\d{6}"#)]
            ),
            headers: ["content-type", "x-team"]
        )
        rule.rollingRate = .hour
        return rule
    }()

    @Test func `every member is in the rule, and the rule shows each`() throws {
        let resource = try JSONDecoder().decode(CaptureResource.self, from: Data(Self.every.utf8))
        #expect(try CaptureRule(resource) == Self.rule)
        #expect(try CaptureRule(CaptureResource(Self.rule)) == Self.rule)
    }

    @Test func `an endpoint's rule is shown as it was put, and goes with a put that does not name it`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            #expect(try await client.send(.put, Self.endpoint, #"{"capture":\#(Self.every)}"#).status == 200)
            #expect(try await client.get(EndpointResource.self, Self.endpoint).capture == CaptureResource(Self.rule))
            #expect(try await client.send(.put, Self.endpoint, "{}").status == 200)
            #expect(try await client.get(EndpointResource.self, Self.endpoint).capture == nil)
        }
    }

    @Test(arguments: [
        (#"{"parts":["body"]}"#, #"\"body\" is not one of request, response"#),
        (#"{"parts":[]}"#, "is empty; name request, response or both"),
        (#"{"rollingRate":"week"}"#, #"\"week\" is not one of minute, hour, day, month, year"#),
        (#"{"redact":{"patterns":["name"]}}"#, #"\"name\" is not one of email, card, phone"#),
        (#"{"samplingRate":2}"#, "must be 0 to 1"),
    ])
    func `a rule that cannot be is refused with a sentence`(rule: String, sentence: String) async throws {
        try await AdminFixture().withClient { client in
            try await client.prepare()
            let answer = try await client.send(.put, Self.endpoint, #"{"capture":\#(rule)}"#)
            #expect(answer.status == 400 && answer.text.contains(sentence), "\(answer)")
        }
    }
}
