import Foundation
import GatewayAPI
import Testing

@Suite struct RequestTests {
    private func chat(_ fields: String) throws -> ChatRequest {
        let json = #"{"messages":[{"role":"user","content":"Hi"}]\#(fields.isEmpty ? "" : ",")\#(fields)}"#
        return try JSONDecoder().decode(ChatRequest.self, from: Data(json.utf8))
    }

    private func messages(_ json: String) throws -> [ChatMessage] {
        try JSONDecoder().decode(ChatRequest.self, from: Data(#"{"messages":\#(json)}"#.utf8)).messages
    }

    private func completion(_ json: String) throws -> CompletionRequest {
        try JSONDecoder().decode(CompletionRequest.self, from: Data(json.utf8))
    }

    private func refusedField(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch let error as OpenAIRequestError {
            return error.param
        } catch let error as DecodingError {
            return OpenAIRequestError(error).param
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        ("tools", #"[{"type":"function"}]"#), ("tool_choice", #""required""#), ("functions", "[{}]"), ("n", "2"),
        ("response_format", #"{"type":"json_object"}"#), ("logprobs", "true"), ("top_logprobs", "2"),
        ("frequency_penalty", "0.5"), ("presence_penalty", "-1"), ("logit_bias", #"{"5":1}"#),
        ("modalities", #"["text","audio"]"#), ("reasoning_effort", #""high""#), ("no_such_field", "1"),
    ])
    func `a field that would change the answer is refused by its name`(name: String, value: String) {
        #expect(refusedField { _ = try chat(#""\#(name)":\#(value)"#) } == name)
    }

    @Test(arguments: [
        #""user":"u""#, #""metadata":{"a":[1]}"#, #""store":true"#, #""service_tier":"auto""#, #""n":1"#, #""n":null"#,
        #""tools":[]"#, #""tools":null"#, #""tool_choice":"none""#, #""response_format":{"type":"text"}"#,
        #""logprobs":false"#, #""frequency_penalty":0"#, #""logit_bias":{}"#, #""parallel_tool_calls":true"#,
        #""no_such_field":null"#, #""modalities":["text"]"#,
    ])
    func `a field that changes nothing is taken`(field: String) throws {
        #expect(try chat(field) == chat(""))
    }

    @Test(arguments: [
        ("temperature", "2.5"), ("temperature", "-1"), ("temperature", #""hot""#), ("top_p", "1.1"),
        ("max_tokens", "0"),
        ("max_tokens", "1.5"), ("stop", #"["a","b","c","d","e"]"#), ("stop", "3"), ("seed", "0.5"), ("stream", "1"),
    ])
    func `a value out of range is refused by its name`(name: String, value: String) {
        let param = refusedField { _ = try chat(#""\#(name)":\#(value)"#) }
        #expect(param == name)
    }

    @Test func `what is left out is as the API documents it`() throws {
        let parameters = try chat("").parameters
        #expect(parameters == GenerationParameters())
        #expect(parameters.temperature == 1 && parameters.topP == 1 && parameters.maxTokens == nil)
        #expect(try completion(#"{"prompt":"x"}"#).parameters.maxTokens == 16)
    }

    @Test func `both names of the token limit are understood, but not two limits`() throws {
        #expect(try chat(#""max_completion_tokens":5"#).parameters.maxTokens == 5)
        #expect(try chat(#""max_tokens":5,"max_completion_tokens":5"#).parameters.maxTokens == 5)
        #expect(refusedField { _ = try chat(#""max_tokens":4,"max_completion_tokens":5"#) } == "max_tokens")
    }

    @Test func `usage is sent on streams that ask for it`() throws {
        #expect(try chat(#""stream":true,"stream_options":{"include_usage":true}"#).parameters.includesUsage)
        #expect(try !chat(#""stream":true"#).parameters.includesUsage)
        #expect(try !chat(#""stream_options":{"include_usage":true}"#).parameters.includesUsage)
        #expect(refusedField { _ = try chat(#""stream_options":{"x":1}"#) } == "stream_options.x")
    }

    @Test func `content may be text or parts of text`() throws {
        let parts = #"[{"role":"developer","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]"#
        #expect(try messages(parts) == [ChatMessage(.system, "ab")])
        #expect(
            try messages(#"[{"role":"assistant","content":"x","tool_calls":null}]"#) == [ChatMessage(.assistant, "x")]
        )
    }

    @Test(arguments: [
        (#"[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]"#, "messages[0].content[0].type"),
        (#"[{"role":"tool","content":"x"}]"#, "messages[0].role"),
        (#"[{"role":"user","content":"x"},{"role":"user"}]"#, "messages[1].content"),
        (#"[{"role":"user","content":"x","name":"n"}]"#, "messages[0].name"),
        (#"[{"role":"assistant","content":"x","tool_calls":[{}]}]"#, "messages[0].tool_calls"),
        (#"[{"role":"user","content":"a\u0000b"}]"#, "messages[0].content"),
        ("[]", "messages"),
        ("3", "messages"),
    ])
    func `a message that cannot be understood is refused by its place`(json: String, place: String) {
        #expect(refusedField { _ = try messages(json) } == place)
    }

    @Test(arguments: [#"{}"#, #"{"prompt":["a","b"]}"#, #"{"prompt":[1,2]}"#, #"{"prompt":[]}"#, #"{"prompt":null}"#])
    func `completions take one prompt`(json: String) {
        #expect(refusedField { _ = try completion(json) } == "prompt")
    }

    @Test(arguments: [("echo", "true"), ("suffix", #""x""#), ("best_of", "3"), ("logprobs", "0")])
    func `what completions cannot do is refused by its name`(name: String, value: String) {
        #expect(refusedField { _ = try completion(#"{"prompt":"x","\#(name)":\#(value)}"#) } == name)
    }

    @Test func `the error body has all four members`() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let body = OpenAIError(message: "m", type: "t")
        let text = String(decoding: try encoder.encode(body), as: UTF8.self)
        #expect(text == #"{"error":{"code":null,"message":"m","param":null,"type":"t"}}"#)
    }
}
