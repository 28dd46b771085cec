import GatewayCore
import Testing

@Suite struct BodyFieldsTests {
    @Test(arguments: [
        (#"{"model":"chat"}"#, "chat"), (#"{"messages":[{"model":"inner"}],"model":"outer"}"#, "outer"),
        (#"{"a":"\"model\":\"x\"","model" : "chat" }"#, "chat"), (#"{"model":"a\/b\u0041"}"#, "a/bA"),
        (#"{"mod\u0065l":"chat"}"#, "chat"), (#"{"model":""}"#, ""), ("{\"model\":\"日本\"}", "日本"),
        (#"{"model":"chat","messages":[{"content":"cut of"#, "chat"),
    ])
    func `the model is the top-level member of that name`(body: String, model: String) throws {
        #expect(fields(of: body).model == model)
        #expect(try fields(of: body).requireModel() == model)
    }

    @Test(arguments: [
        (#"{"messages":[{"model":"inner"}]}"#, Refusal.BodyFault.noModel), ("{}", .noModel), ("", .noModel),
        ("  ", .noModel),
        (#"{"messages":["cut"#, .noModel), (#"{"model":"cu"#, .noModel), (#"{"model""#, .noModel),
        (#"{"model":"a","model":"b"}"#, .modelTwice), (#"{"model":"a","mod\u0065l":"b"}"#, .modelTwice),
        (#"{"model":{"model":"a"}}"#, .modelNotText), (#"{"model":["a"]}"#, .modelNotText),
        (#"{"model":null}"#, .modelNotText),
        (#"{"model":1,"model":"a"}"#, .modelTwice), ("[1]", .notJSON), ("model=a", .notJSON),
        (#"{"model":"a",}"#, .notJSON),
        (#"{"model":"a"]"#, .notJSON),
    ])
    func `a model that cannot be told is a fault with a name`(body: String, fault: Refusal.BodyFault) {
        #expect(throws: Refusal.bodyUnreadable(fault)) { try fields(of: body).requireModel() }
    }

    @Test(arguments: [
        (#"{"stream":true}"#, true), (#"{"stream" : true }"#, true), (#"{"stream":false}"#, false),
        (#"{"stream":"true"}"#, false),
        (#"{"stream":null}"#, false), (#"{"x":{"stream":true}}"#, false), (#"{"stream":[true]}"#, false), ("", false),
    ])
    func `a stream is one that says true`(body: String, isStreamed: Bool) {
        #expect(fields(of: body).isStreamed == isStreamed)
    }

    @Test(arguments: [
        (#"{"stream_options":{"include_usage":true}}"#, true), (#"{"stream_options":{"include_usage":false}}"#, false),
        (#"{"stream_options":{"x":{"include_usage":true}}}"#, false), (#"{"stream_options":{}}"#, false),
        (#"{"stream_options":null}"#, false), (#"{"include_usage":true}"#, false), (#"{}"#, false),
    ])
    func `usage is included when the options say true`(body: String, isIncluded: Bool) {
        #expect(fields(of: body).includesUsage == isIncluded)
    }

    @Test(arguments: [
        (#"{"max_tokens":7}"#, 7), (#"{"max_tokens":7,"max_completion_tokens":9,"max_output_tokens":8}"#, 9),
        (#"{"inputs":"a","parameters":{"max_new_tokens":7}}"#, 7), (#"{"inputs":["a","b,]","c"]}"#, nil),
        (#"{"inputs":["a","b,]\"","c"],"parameters":{"max_new_tokens":7}}"#, 21),
        (#"{"parameters":{"max_new_tokens":7},"inputs":{"question":"a","context":"b"}}"#, 7),
        (#"{"inputs":[[1,2],[3]],"parameters":{"max_new_tokens":999999999999999999}}"#, 999_999_999_999_999_999),
        (#"{"max_tok\u0065ns":7}"#, 7), (#"{"max_t\u006bkens":7}"#, nil), (#"{"max_tokens":"7"}"#, nil),
    ])
    func `the greatest bound of the answer counts, however its name is spelt`(body: String, most: Int64?) {
        #expect(fields(of: body).maxTokens == most)
    }

    @Test func `an object is read as one though it is called a form`() {
        let form = "multipart/form-data; boundary=x"
        let object = fields(of: #" {"stream":true,"max_tokens":7}"#, contentType: form)
        #expect(object.isStreamed)
        #expect(object.maxTokens == 7)
        let part = "{}\r\n--x\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nchat\r\n--x--\r\n"
        #expect(fields(of: part, contentType: form).model == "chat")
    }

    @Test(arguments: [
        (nil, true), ("application/json", true), ("Application/JSON; charset=utf-8", true),
        ("application/vnd.api+json", true),
        ("multipart/form-data; boundary=x", true), ("text/plain", false), ("application/octet-stream", false),
        ("text/plain; x=json", false), ("", false),
    ])
    func `JSON and forms are read`(contentType: String?, isRead: Bool) {
        #expect(BodyFields.isReadable(contentType) == isRead)
    }
}
