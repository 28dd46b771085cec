import Testing

@testable import GatewayStore

@Suite struct WebhookSecretTests {
    @Test func `the signature is that of the published example of Standard Webhooks`() throws {
        let secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signature = secret.signature(
            identifier: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: 1_614_265_330,
            body: #"{"test": 2432232314}"#
        )
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test(arguments: [
        "", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64", "whsec_c2hvcnQ=",
        "whsec_" + String(repeating: "AAAA", count: 22),
    ])
    func `what is not a prefix and 24 to 64 bytes is no secret`(text: String) {
        #expect(WebhookSecret(text) == nil)
    }
}
