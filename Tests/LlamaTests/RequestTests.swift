import Foundation
import GatewayAPI
import Testing

@Suite struct RequestTests {
    private func chat(_ fields: String) throws -> ChatRequest {
        let json = #"{"messages":[{"role":"user","content":"Hi"}]\#(fields.isEmpty ? "" : ",")\#(fields)}"#
        return try OpenAIRequestBody.read(ChatRequest.self, from: Array(json.utf8))
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
        ("top_logprobs", "2"),
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
        ("max_tokens", "1.5"), ("min_p", "1.5"), ("min_p", "-0.1"), ("frequency_penalty", "2.1"),
        ("presence_penalty", "-2.1"), ("repetition_penalty", "0"), ("repetition_penalty", "2.1"),
        ("repeat_penalty", "-1"), ("logit_bias", #"{"5":101}"#), ("logit_bias", #"{"a":1}"#),
        ("logit_bias", #"{"-1":1}"#), ("logit_bias", "[1]"), ("logit_bias", #"{"3000000000":1}"#), ("grammar", "3"),
        ("response_format", "3"), ("logprobs", "1"), ("stop", #"["a","b","c","d","e"]"#), ("stop", "3"),
        ("seed", "0.5"), ("stream", "1"),
    ])
    func `a value out of range is refused by its name`(name: String, value: String) {
        let param = refusedField { _ = try chat(#""\#(name)":\#(value)"#) }
        #expect(param == name)
    }

    @Test func `the ways to change what is likely are read`() throws {
        let parameters = try chat(
            #""min_p":0.1,"frequency_penalty":1,"presence_penalty":-1,"repeat_penalty":1.1,"#
                + #""logit_bias":{"5":-100,"7":2}"#
        ).parameters
        #expect(parameters.minP == 0.1 && parameters.frequencyPenalty == 1 && parameters.presencePenalty == -1)
        #expect(parameters.repetitionPenalty == 1.1)
        #expect(parameters.logitBias == [5: -100, 7: 2])
        #expect(try chat(#""repetition_penalty":1.2"#).parameters.repetitionPenalty == 1.2)
        #expect(refusedField { _ = try chat(#""repetition_penalty":1.2,"repeat_penalty":1.1"#) } == "repeat_penalty")
    }

    @Test func `more biases than a model can be asked for at once are refused`() {
        let biases = (0...1024).map { #""\#($0)":1"# }.joined(separator: ",")
        #expect(refusedField { _ = try chat(#""logit_bias":{\#(biases)}"#) } == "logit_bias")
    }

    @Test func `the likeliest tokens are told within the API's bounds`() throws {
        #expect(try chat(#""logprobs":true"#).parameters.logprobs == 0)
        #expect(try chat(#""logprobs":true,"top_logprobs":20"#).parameters.logprobs == 20)
        #expect(try chat(#""logprobs":false,"top_logprobs":0"#).parameters.logprobs == nil)
        #expect(refusedField { _ = try chat(#""logprobs":true,"top_logprobs":21"#) } == "top_logprobs")
        #expect(try completion(#"{"prompt":"x","logprobs":0}"#).parameters.logprobs == 0)
        #expect(try completion(#"{"prompt":"x"}"#).parameters.logprobs == nil)
        #expect(refusedField { _ = try completion(#"{"prompt":"x","logprobs":6}"#) } == "logprobs")
    }

    @Test func `a schema is read as it was written`() throws {
        let schema = #"{"type":"object","properties":{"z":{"enum":["}","\"{"]},"a":{"type":"integer"}}}"#
        let format = try chat(
            #""response_format" : {"type":"json_schema", "json_schema" : {"name":"n","strict":true,"schema": \#(schema) }}"#
        ).parameters.format
        #expect(format == .jsonSchema(schema, isStrict: true))
        #expect(try chat(#""response_format":{"type":"json_object"}"#).parameters.format == .jsonObject)
        #expect(try chat(#""grammar":"root ::= \"a\"""#).parameters.format == .grammar(#"root ::= "a""#))
    }

    @Test(arguments: [
        (#"{"type":"xml"}"#, "response_format.type"),
        (#"{}"#, "response_format.type"),
        (#"{"type":"json_object","schema":{}}"#, "response_format.schema"),
        (#"{"type":"json_schema"}"#, "response_format.json_schema"),
        (#"{"type":"json_schema","json_schema":{"schema":{}}}"#, "response_format.json_schema.name"),
        (#"{"type":"json_schema","json_schema":{"name":"a b","schema":{}}}"#, "response_format.json_schema.name"),
        (#"{"type":"json_schema","json_schema":{"name":"n"}}"#, "response_format.json_schema.schema"),
        (#"{"type":"json_schema","json_schema":{"name":"n","schema":[]}}"#, "response_format.json_schema.schema"),
        (#"{"type":"json_schema","json_schema":{"name":"n","schema":{},"x":1}}"#, "response_format.json_schema.x"),
    ])
    func `a form of answer that cannot be understood is refused by its place`(json: String, place: String) {
        #expect(refusedField { _ = try chat(#""response_format":\#(json)"#) } == place)
    }

    @Test func `a grammar and a form are not both taken`() {
        let json = #""grammar":"root ::= \"a\"","response_format":{"type":"json_object"}"#
        #expect(refusedField { _ = try chat(json) } == "grammar")
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

    @Test(arguments: [("echo", "true"), ("suffix", #""x""#), ("best_of", "3"), ("top_logprobs", "1")])
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
