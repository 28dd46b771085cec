import GatewayCore
import GatewayTestKit
import Testing

@Suite(.serialized) struct UsageTests {
    private static let chunk = #"data: {"choices":[{"delta":{"content":"x"}}]}"# + "\n\n"
    private static let usage = #"data: {"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":22}}"# + "\n\n"
    private static let done = "data: [DONE]\n\n"

    /// Answers like a model server: a usage event only when it is asked for.
    private static let model: FakeUpstream.Script = { visit in
        let body = try await visit.body()
        guard body.contains("\"stream\":true") else {
            let answer = #"{"choices":[{}],"usage":{"prompt_tokens":11,"completion_tokens":22}}"#
            return try await visit.respond(200, [("content-type", "application/json"), ("x-got", body)], answer)
        }
        try await visit.begin(200, [("content-type", "text/event-stream"), ("x-got", body)])
        try await visit.send(chunk)
        if body.contains("\"include_usage\":true") { try await visit.send(usage) }
        try await visit.send(done)
        try await visit.end()
    }

    @Test(
        arguments: FakeUpstream.Transport.allCases,
        [
            (#"{"model":"gpt"}"#, #"{"choices":[{}],"usage":{"prompt_tokens":11,"completion_tokens":22}}"#),
            (#"{"model":"gpt","stream":true}"#, chunk + done),
            (#"{"model":"gpt","stream":true,"stream_options":{"include_usage":false}}"#, chunk + done),
            (#"{"model":"gpt","stream":true,"stream_options":{"include_usage":true}}"#, chunk + usage + done),
        ]
    )
    func `usage is in the receipt, and in the stream only when the caller asked`(
        transport: FakeUpstream.Transport,
        call: (body: String, answer: String)
    ) async throws {
        let receipts = try await Scene.play(transport, model: "own/name", script: Self.model) { gateway, _ in
            let client = try await gateway.connect()
            let json = [("content-type", "application/json")]
            let answer = try await client.exchange("POST", "/v1/chat/completions", json, body: call.body)
            #expect(answer.status == 200)
            #expect(answer.body == call.answer)
            let got = try #require(answer["x-got"])
            #expect(got.contains(#""model":"own/name""#))
            #expect(!got.contains("gpt"))
        }
        let receipt = try #require(receipts.first)
        #expect(receipts.count == 1)
        #expect(receipt.model == "gpt")
        #expect(receipt.promptTokens == 11)
        #expect(receipt.completionTokens == 22)
        #expect(receipt.isStreamed == call.body.contains("stream"))
    }

    @Test(arguments: FakeUpstream.Transport.allCases)
    func `the model list and unknown models are answered here`(transport: FakeUpstream.Transport) async throws {
        try await Scene.play(transport, script: Self.model) { gateway, upstream in
            let client = try await gateway.connect()
            let list = try await client.exchange("GET", "/v1/models")
            #expect(list.status == 200)
            #expect(list.body.contains(#""id":"chat""#))
            #expect(list.body.contains(#""id":"gpt""#))
            let json = [("content-type", "application/json")]
            let unknown = try await client.exchange("POST", "/v1/chat/completions", json, body: #"{"model":"nothing"}"#)
            #expect(unknown.status == 404)
            #expect(unknown.body.contains("model_not_found"))
            #expect(upstream.connections == 0)
        }
    }
}
