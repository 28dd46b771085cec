import GatewayCore
import Testing

/// The changes that turn the caller's body into the upstream's, applied to its bytes.
@Suite struct BodyEditTests {
    @Test(arguments: [
        (#"{"model":"chat","n":1}"#, #"{"model":"Qwen/Qwen2.5","n":1}"#),
        (#"{ "n" : 1 , "model" : "a\"b" }"#, #"{ "n" : 1 , "model" : "Qwen/Qwen2.5" }"#),
        (#"{"model":"","messages":[{"model":"x"}]}"#, #"{"model":"Qwen/Qwen2.5","messages":[{"model":"x"}]}"#),
        (#"{"mod\u0065l":"chat"}"#, #"{"mod\u0065l":"Qwen/Qwen2.5"}"#),
        (#"{"model":"Qwen/Qwen2.5"}"#, #"{"model":"Qwen/Qwen2.5"}"#),
        (#"{"model":"chat","messages":["cut"#, #"{"model":"Qwen/Qwen2.5","messages":["cut"#),
        (#"{"n":1}"#, #"{"model":"Qwen/Qwen2.5","n":1}"#),
        (#" {"n":1}"#, #" {"model":"Qwen/Qwen2.5","n":1}"#),
        (#"{}"#, #"{"model":"Qwen/Qwen2.5"}"#), ("{ }", #"{"model":"Qwen/Qwen2.5" }"#), ("[]", "[]"), ("text", "text"),
        ("", ""), (" ", " "), ("1", "1"),
    ])
    func `the upstream's model takes the place of the caller's and nothing else changes`(body: String, expected: String)
    {
        #expect(edited(body, model: "Qwen/Qwen2.5", askForUsage: false) == expected)
    }

    @Test(arguments: [
        (#"{"model":"a","model":"b"}"#, #"{"model":"c","model":"c"}"#),
        (#"{"model":"c","model":"b"}"#, #"{"model":"c","model":"c"}"#),
        (#"{"model":1}"#, #"{"model":"c"}"#), (#"{"model":null,"n":{"model":1}}"#, #"{"model":"c","n":{"model":1}}"#),
    ])
    func `an upstream never sees a model that the caller slipped in`(body: String, expected: String) {
        #expect(edited(body, model: "c", askForUsage: false) == expected)
    }

    @Test func `a model name is quoted as JSON wants it`() {
        let body = edited(#"{"model":"a"}"#, model: "q\"\\\n\u{1f}é", askForUsage: false)
        #expect(body == #"{"model":"q\"\\\u000a\u001fé"}"#)
    }

    @Test func `without an upstream's name nothing changes`() {
        let body = #"{"model":"a","stream":true}"#
        #expect(edited(body, model: nil, askForUsage: false) == body)
    }

    @Test(arguments: [
        (#"{"stream":true}"#, #"{"stream_options":{"include_usage":true},"stream":true}"#),
        (#"{"stream":true,"stream_options":{}}"#, #"{"stream":true,"stream_options":{"include_usage":true}}"#),
        (#"{"stream":true,"stream_options":{ }}"#, #"{"stream":true,"stream_options":{"include_usage":true }}"#),
        (#"{"stream":true,"stream_options":null}"#, #"{"stream":true,"stream_options":{"include_usage":true}}"#),
        (
            #"{"stream_options":{"include_usage":false},"stream":true}"#,
            #"{"stream_options":{"include_usage":true},"stream":true}"#
        ),
        (
            #"{"stream_options":{"include_usage": null ,"x":1},"stream":true}"#,
            #"{"stream_options":{"include_usage": true ,"x":1},"stream":true}"#
        ),
        (
            #"{"stream":true,"stream_options":{"chunk":{"a":1}}}"#,
            #"{"stream":true,"stream_options":{"include_usage":true,"chunk":{"a":1}}}"#
        ),
        (
            #"{"stream":true,"stream_options":{"include_usage":true}}"#,
            #"{"stream":true,"stream_options":{"include_usage":true}}"#
        ),
    ])
    func `usage is asked for whatever the options look like`(body: String, expected: String) {
        #expect(edited(body, model: nil, askForUsage: true) == expected)
    }

    @Test func `model and usage change together`() {
        #expect(
            edited(
                #"{"stream_options":{"include_usage":false},"model":"a","stream":true}"#,
                model: "b",
                askForUsage: true
            )
                == #"{"stream_options":{"include_usage":true},"model":"b","stream":true}"#
        )
        #expect(
            edited(#"{"model":"a","stream":true}"#, model: "longer", askForUsage: true)
                == #"{"stream_options":{"include_usage":true},"model":"longer","stream":true}"#
        )
    }

    @Test func `two members put at one place stay two members`() {
        let body = edited(#"{"stream":true}"#, model: "b", askForUsage: true)
        let expected = [
            #"{"model":"b","stream_options":{"include_usage":true},"stream":true}"#,
            #"{"stream_options":{"include_usage":true},"model":"b","stream":true}"#,
        ]
        #expect(expected.contains(body))
    }

    @Test(arguments: [
        #"{"model":"a","stream":true}"#, #"{"stream":true}"#, "", " ", "[", "{", #"{"a"#, "{}", #"{"stream_options":"#,
        #"{"stream_options":{"include_usage"#, #"{"stream_options":{"#,
    ])
    func `edits lie inside the body, in order and apart`(body: String) {
        let edits = fields(of: body).edits(model: "m", askForUsage: true)
        var at = 0
        for edit in edits {
            #expect(edit.range.lowerBound >= at)
            #expect(edit.range.upperBound <= body.utf8.count)
            at = edit.range.upperBound
        }
    }
}
