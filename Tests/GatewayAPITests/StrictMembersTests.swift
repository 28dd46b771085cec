import Foundation
import GatewayAPI
import Testing

@Suite struct StrictMembersTests {
    private func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    @Test func `an endpoint takes the defaults of what it leaves out`() throws {
        let endpoint = try decode(EndpointResource.self, #"{"traffic":{"blue":100}}"#)
        #expect(endpoint == EndpointResource(tenant: "", name: "", traffic: ["blue": 100]))
    }

    @Test(arguments: [
        #"{"trafic":{"blue":100}}"#,
        #"{"endpoints":[{"tenant":"demo","name":"chat","model_names":[]}]}"#,
    ])
    func `a member that the type does not have is an error`(body: String) {
        #expect(throws: DecodingError.self) { try decode(EndpointResource.self, body) }
        #expect(throws: DecodingError.self) { try decode(ApplyRequest.self, body) }
    }

    @Test(arguments: [
        #"{"upstream":{"urls":["http://a"],"probes":{}}}"#,
        #"{"native":{"slotz":1}}"#,
        #"{"requestSettings":{"request_timeout_ms":1}}"#,
        #"{"upstream":{}}"#,
    ])
    func `a deployment's parts are as strict`(body: String) {
        #expect(throws: DecodingError.self) { try decode(DeploymentResource.self, body) }
    }

    @Test func `what a get shows can be put back`() throws {
        var deployment = DeploymentResource(
            tenant: "demo",
            endpoint: "chat",
            name: "blue",
            native: NativeResource(slots: 2)
        )
        deployment.isReady = true
        deployment.effective = [EffectiveValue(setting: "slots", value: "2", source: "deployment")]
        let text = String(decoding: try JSONEncoder().encode(deployment), as: UTF8.self)
        #expect(try decode(DeploymentResource.self, text) == deployment)
    }
}
