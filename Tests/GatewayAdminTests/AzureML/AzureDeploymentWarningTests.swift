import GatewayAPI
import HTTPTypes
import Testing

@testable import GatewayAdmin

/// What Azure's clients put into a deployment that has no meaning here, or would give it rights that it does not get.
@Suite struct AzureDeploymentWarningTests {
    private static func warning(_ answer: TestAnswer) -> String {
        HTTPField.Name("x-gatehouse-warning").flatMap { answer.headers[$0] } ?? ""
    }

    @Test func `environment variables without effect are named, their values are not`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let variables = #""environmentVariables":{"B":"hidden","A":"hidden"}"#
            for body in [Azure.body(), Azure.body(urls: nil, variables)] {
                let warning = Self.warning(try await client.send(.put, Azure.deployment("blue"), body))
                #expect(warning.contains("environment_variables") && !warning.contains("hidden"))
                #expect(warning.contains(body.contains("hidden") ? "(A, B)" : "(A)"), "\(warning)")
            }
            let served = #"{"properties":{"environmentVariables":{"GATEHOUSE_UPSTREAM_URLS":"http://127.0.0.1:9000"}}}"#
            #expect(Self.warning(try await client.send(.put, Azure.deployment("green"), served)) == "")
        }
    }

    @Test func `members that nobody reads are named`() async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            let members = #""startupProbe":{"period":"PT1S"},"livenesProbe":{},"description":null"#
            let body = Azure.body(members).replacing(#""tags""#, with: #""zones":[1],"tags""#)
            let answer = try await client.send(.put, Azure.deployment("blue"), body)
            #expect(answer.status == 201)
            for member in ["zones", "properties.startupProbe", "properties.livenesProbe"] {
                #expect(Self.warning(answer).contains("\(member) has no meaning here"), "\(member)")
            }
            let shown = try await client.send(.get, Azure.deployment("blue")).text
            let again = Self.warning(try await client.send(.put, Azure.deployment("blue"), shown))
            #expect(!again.contains("provisioningState") && !again.contains("systemData"), "\(again)")
        }
    }

    @Test(arguments: ["UserAssigned", "user_assigned", "SystemAssigned,UserAssigned"])
    func `a user's identity is refused, as an endpoint's is`(type: String) async throws {
        try await AdminFixture().withClient { client in
            try await client.prepareAzure()
            func body(_ type: String) -> String {
                Azure.body().replacing(#""tags""#, with: #""identity":{"type":"\#(type)"},"tags""#)
            }
            let answer = try await client.send(.put, Azure.deployment("blue"), body(type))
            #expect(answer.status == 400 && answer.text.contains("identity.type"), "\(answer.text)")
            #expect(try await client.send(.put, Azure.deployment("green"), body("SystemAssigned")).status == 201)
        }
    }
}
