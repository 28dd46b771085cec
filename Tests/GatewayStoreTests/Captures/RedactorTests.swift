import GatewayCore
import Testing

@testable import GatewayStore

/// What is not there any more when a capture is stored.
@Suite struct RedactorTests {
    private static let secret = "C4n4ry-0123456789"

    private func redact(
        _ body: String,
        type: String = "application/json",
        rule: RedactionRule = RedactionRule()
    ) -> String {
        let headers = [CapturedMessage.Header(name: "content-type", value: type)]
        let message = CapturedMessage(headers: headers, body: Array(body.utf8), size: Int64(body.utf8.count))
        let capture = Capture(receipt: Receipt(requestID: "1", startedAt: 0), rule: CaptureRule(), request: message)
        return String(decoding: Redactor(rule).redact(capture).request.body, as: UTF8.self)
    }

    @Test(arguments: [
        "authorization", "Proxy-Authorization", "Cookie", "set-cookie", "api-key", "X-API-Key",
        "ocp-apim-subscription-key",
        "x-goog-api-key", "X-Amz-Security-Token",
    ])
    func `a credential in a header is never kept`(name: String) {
        var message = CapturedMessage(headers: [.init(name: name, value: Self.secret), .init(name: "x-a", value: "b")])
        message.size = 0
        let capture = Capture(
            receipt: Receipt(requestID: "1", startedAt: 0),
            rule: CaptureRule(),
            request: message,
            response: message
        )
        let redacted = Redactor(RedactionRule()).redact(capture)
        for half in [redacted.request, redacted.response] {
            #expect(half.headers.map(\.value) == ["[credential]", "b"])
        }
    }

    @Test func `only the headers that a rule lists are kept`() {
        let message = CapturedMessage(headers: [.init(name: "X-Kept", value: "1"), .init(name: "x-other", value: "2")])
        let rule = CaptureRule(headers: ["x-kept"])
        let capture = Capture(receipt: Receipt(requestID: "1", startedAt: 0), rule: rule, request: message)
        #expect(Redactor(RedactionRule()).redact(capture).request.headers == [.init(name: "X-Kept", value: "1")])
    }

    @Test(arguments: [
        ("api-key=C4n4ry&x=1", "api-key=[credential]&x=1"), ("x=1&sig=C4n4ry", "x=1&sig=[credential]"),
        ("api%2Dkey=C4n4ry", "api%2Dkey=[credential]"), ("a=b&flag", "a=b&flag"),
    ])
    func `keys in a query are taken out by their names`(query: String, kept: String) {
        let capture = Capture(receipt: Receipt(requestID: "1", startedAt: 0), rule: CaptureRule(), query: query)
        #expect(Redactor(RedactionRule()).redact(capture).query == kept)
    }

    @Test(arguments: [
        (
            #"{"password":"C4n4ry","a":[1,{"api_key":"C4n4ry"}]}"#,
            #"{"password":"[field]","a":[1,{"api_key":"[field]"}]}"#
        ),
        (#"{"client_secret" : {"x":"C4n4ry"}, "b":2}"#, #"{"client_secret" : "[field]", "b":2}"#),
        (#"{"p\u0061ssword":"C4n4ry"}"#, #"{"p\u0061ssword":"[field]"}"#),
        (#"{"a":1,"password":"C4n4ry is cut o"#, #"{"a":1,"password":"[field]""#),
        (#"{"token":"kept, a word of an answer"}"#, #"{"token":"kept, a word of an answer"}"#),
    ])
    func `members whose names say that they are credentials are taken out at any depth`(body: String, kept: String) {
        #expect(redact(body) == kept)
    }

    private static func tool(_ properties: String) -> String {
        #"{"tools":[{"name":"f","input_schema":{"type":"object","properties":{\#(properties)},"required":["api_key"]}}]}"#
    }

    @Test(arguments: [
        #""api_key":{"type":"string","description":"the key"},"n":{"type":"integer"}"#,
        #""password":{ "type" : ["string", "null"], "minLength":8, "pattern":"^[a-z]+$","title":"Password"}"#,
        ##""api_key":{"$ref":"#/$defs/secret"}"##, #""secret":{"type":"STRING","default":null,"nullable":true}"#,
        #""api_key":{"anyOf":[{"type":"string"},{"type":"null"},{"required":["a"]}]},"x":{"default":"kept"}"#,
        #""credentials":{"type":"object","properties":{"user":{"type":"string"},"password":{"type":"string"}}}"#,
        #""api_key":{"type":"array","items":{"type":"string","maxLength":9}},"properties":{"type":"object"}"#,
    ])
    func `a tool's schema of a credential is kept as it is`(properties: String) {
        for body in [Self.tool(properties), Self.tool(properties).replacing("properties", with: "$defs")] {
            #expect(redact(body) == body)
        }
        let event = "data: \(Self.tool(properties))\n\n"
        #expect(redact(event, type: "text/event-stream") == event)
    }

    @Test(arguments: [
        (#""type":"string","default":"C4""#, #""type":"string","default":"[field]""#),
        (#""type":"string","d\u0065fault":"C4""#, #""type":"string","d\u0065fault":"[field]""#),
        (#""type":"number","const":-4 ,"x":[4,true]"#, #""type":"number","const":"[field]" ,"x":["[field]",true]"#),
        (#""enum":["C4",4,null],"example":"C4""#, #""enum":["[field]","[field]",null],"example":"[field]""#),
        (
            #""type":"object","examples":[{"a":["C4"],"b":4,"password":{"type":"string"}}]"#,
            #""type":"object","examples":[{"a":["[field]"],"b":"[field]","password":"[field]"}]"#
        ),
        (
            #""anyOf":[{"type":"string","default":"C4"},{"type":"C4","title":["C4"]},"C4",["C4"]]"#,
            #""anyOf":[{"type":"string","default":"[field]"},{"type":"[field]","title":["[field]"]},"[field]",["[field]"]]"#
        ),
        (
            #""type":"object","properties":{"a":{"enum":["C4"]},"b":"C4","password":{"value":"C4"}},"$defs":["C4"]"#,
            #""type":"object","properties":{"a":{"enum":["[field]"]},"b":"[field]","password":"[field]"},"$defs":["[field]"]"#
        ),
        // What some services call an object of values.
        (#""enum":[],"type":"Secure","value":"C4""#, #""enum":[],"type":"[field]","value":"[field]""#),
        (#""type":"string","value":{"type":"C4"}"#, #""type":"string","value":{"type":"[field]"}"#),
        (#""type":["string" "C4"],"enum":[]"#, #""type":["[field]" "[field]"],"enum":[]"#),
    ])
    func `and what of it may be the credential is taken out where it stands`(schema: String, kept: String) {
        #expect(redact(Self.tool(#""api_key":{\#(schema)}"#)) == Self.tool(#""api_key":{\#(kept)}"#))
    }

    @Test(arguments: [
        #"{"value":"C4"}"#, #"{"type":"SecureString","value":"C4"}"#, #"{"$ref":"C4"}"#, #"{"const":"C4"}"#, #"["C4"]"#,
        #"{"type":"string" "C4"}"#, #"{"anyOf":"C4"}"#, #"{"description":"C4"}"#, "{}", #""C4""#, "4", "true",
    ])
    func `what is no schema goes whole, wherever it stands`(value: String) {
        #expect(redact(Self.tool(#""api_key":\#(value)"#)) == Self.tool(#""api_key":"[field]""#))
        let schema = #"{"api_key":{"type":"string"},"properties":[{"api_key":{"type":"string"}}]}"#
        #expect(redact(schema) == #"{"api_key":"[field]","properties":[{"api_key":"[field]"}]}"#)
        let cut = #"{"properties":{"api_key":{"type":"string","description":"of "#
        #expect(redact(cut) == #"{"properties":{"api_key":"[field]""#)
    }

    @Test func `a path takes out a schema that it names, and what it names in one`() {
        let body = #"{"properties":{"api_key":{"type":"string","title":"t"}}}"#
        #expect(redact(body, rule: RedactionRule(paths: ["**.api_key"])) == #"{"properties":{"api_key":"[field]"}}"#)
        let kept = #"{"properties":{"api_key":{"type":"string","title":"[field]"}}}"#
        #expect(redact(body, rule: RedactionRule(paths: ["properties.*.title"])) == kept)
    }

    @Test(arguments: [
        ("user.email", #"{"user":{"email":"[field]","name":"n"},"email":"e"}"#),
        ("$.user.*", #"{"user":{"email":"[field]","name":"[field]"},"email":"e"}"#),
        ("**.email", #"{"user":{"email":"[field]","name":"n"},"email":"[field]"}"#),
        ("nothing", #"{"user":{"email":"e","name":"n"},"email":"e"}"#),
    ])
    func `paths lead to the members that a rule names`(path: String, kept: String) {
        let body = #"{"user":{"email":"e","name":"n"},"email":"e"}"#
        #expect(redact(body, rule: RedactionRule(paths: [path])) == kept)
    }

    @Test func `a path leads through the elements of arrays`() {
        let body = #"{"messages":[{"role":"user","content":"hush"},{"content":["hush"]}],"content":"kept"}"#
        let kept = #"{"messages":[{"role":"user","content":"[field]"},{"content":"[field]"}],"content":"kept"}"#
        #expect(redact(body, rule: RedactionRule(paths: ["messages[*].content"])) == kept)
        #expect(redact("[1,[2]]", rule: RedactionRule(paths: ["[*]"])) == #"["[field]","[field]"]"#)
    }

    @Test func `events are looked through one by one`() {
        let body = "data: {\"api_key\":\"C4n4ry\"}\n\nevent: x\ndata: {\"a\":{\"email\":\"e\"}}\n\ndata: [DONE]\n\n"
        let kept =
            "data: {\"api_key\":\"[field]\"}\n\nevent: x\ndata: {\"a\":{\"email\":\"[field]\"}}\n\ndata: [DONE]\n\n"
        #expect(redact(body, type: "text/event-stream", rule: RedactionRule(paths: ["a.email"])) == kept)
    }

    /// Events as OpenAI streams them.
    private static func chunks(_ pieces: [String], choice: Int = 0) -> String {
        pieces.map { #"data: {"id":"c-1","choices":[{"delta":{"content":"\#($0)"},"index":\#(choice)}]}"# + "\n\n" }
            .joined()
    }

    @Test(arguments: [
        (["write to bo", "b@mail", ".exam", "ple.org now"], ["write to [email]", "", "", " now"]),
        (["4111 1111", " 1111 1111"], ["[card]", ""]), (["john.smi", "th@al.org"], ["[email]", ""]),
        (["nothing", " here"], ["nothing", " here"]),
        (["bob", #"\u0040"#, "mail.org", " and al@b.org"], ["[email]", "", "", " and [email]"]),
        (["my key: sk-", "aaaaaaaaaaaa", "aaaaaaaaaaaa"], ["my key: [credential]", "", ""]),
        // Two that overlap are one.
        (["password=bo", "b@mail.org!"], ["password=[credential]", ""]),
    ])
    func `what a stream spreads over several events is found all the same`(pieces: [String], kept: [String]) {
        let rule = RedactionRule(patterns: [.email, .card])
        let end = "data: [DONE]\n\n"
        #expect(
            redact(Self.chunks(pieces) + end, type: "text/event-stream", rule: rule) == Self.chunks(kept) + end
        )
    }

    @Test func `a line that is no whole JSON text is looked through by itself`() {
        let body = #"data: {"text":"bob@mail.org, and"# + "\n" + #"data: {"text":"al@mail.org"}"# + "\n"
        let kept = #"data: {"text":"[email], and"# + "\n" + #"data: {"text":"[email]"}"# + "\n"
        #expect(redact(body, type: "text/event-stream", rule: RedactionRule(patterns: [.email])) == kept)
    }

    @Test func `lists that go on behind their line bring nothing twice`() {
        let body = #"{"b":"# + "\n" + #"{"c":"sk-aaaaaaaaaaaaaaaaaaaa"}"# + "\n"
        let kept = #"{"b":"# + "\n" + #"{"c":"[credential]"}"# + "\n"
        #expect(redact(body, type: "application/x-ndjson") == kept)
    }

    @Test func `a key that is cut off goes to the end of its own text`() {
        let parts = ["-----BEGIN RSA PRIV", "ATE KEY-----MIIE"].map { #"{"a":"\#($0)"}"# }
        let other = #"{"b":"\#(String(repeating: "x", count: 20_000))"}"#
        let kept = [#"{"a":"[credential]"}"#, #"{"a":""}"#, other].joined(separator: "\n")
        #expect(redact((parts + [other]).joined(separator: "\n"), type: "application/x-ndjson") == kept)
    }

    @Test(arguments: [
        #"{"event":{"contentBlockDelta":{"delta":{"text":"@"}}}}"#,
        #"{"type":"response.output_text.delta","output_index":0,"delta":"@"}"#,
    ])
    func `texts below a member that is else a name are put together, and told apart by what says whose they are`(
        event: String
    ) {
        let rule = RedactionRule(patterns: [.email])
        let body = ["bob@", "mail.org"].map { event.replacing("@", with: $0) }
        let kept = ["[email]", ""].map { event.replacing("@", with: $0) }
        #expect(
            redact(body.joined(separator: "\n"), type: "application/x-ndjson", rule: rule)
                == kept.joined(separator: "\n")
        )
        let apart = [body[0], body[1].replacing(#"index":0"#, with: #"index":1"#)].joined(separator: "\n")
        guard apart.contains("index") else { return }
        #expect(redact(apart, type: "application/x-ndjson", rule: rule) == apart)
    }

    @Test func `a long name before thousands of texts takes no time to speak of`() {
        let name = String(repeating: "ü", count: 15_000)
        let body = #"{"\#(name)":[\#(Array(repeating: #""""#, count: 9000).joined(separator: ","))]}"#
        let began = ContinuousClock.now
        #expect(redact(body, type: "application/x-ndjson") == body && ContinuousClock.now - began < .seconds(5))
    }

    @Test func `what ends one text is not put together with what begins another`() {
        let body = #"{"a":"bob@","b":"mail.org"}"# + "\n"
        #expect(redact(body, type: "application/x-ndjson", rule: RedactionRule(patterns: [.email])) == body)
    }

    @Test func `thousands of texts and matches take no time to speak of`() {
        let lines = (0..<4000).map { #"{"k\#($0)":"a@b.org c@d.org"}"# }.joined(separator: "\n") + "\n"
        let began = ContinuousClock.now
        let kept = redact(lines, type: "application/x-ndjson", rule: RedactionRule(patterns: [.email]))
        #expect(!kept.contains("@") && ContinuousClock.now - began < .seconds(5))
    }

    @Test func `choices that a stream brings in turn are texts of their own`() {
        let rule = RedactionRule(patterns: [.email])
        let body = Self.chunks(["bob@"]) + Self.chunks(["al"], choice: 1) + Self.chunks(["mail.org"])
        let kept = Self.chunks(["[email]"]) + Self.chunks(["al"], choice: 1) + Self.chunks([""])
        #expect(redact(body, type: "text/event-stream", rule: rule) == kept)
    }

    @Test(arguments: [
        (
            #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"@"}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}}"#
        ),
        (#"{"response":"@"}"#, #"{"response":""}"#), (#"{"text_output":"@"}"#, #"{"text_output":""}"#),
        (
            #"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"@"}}]}}]}"#,
            #"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":""}}]}}]}"#
        ),
        (#"{"id":"@"}"#, #"{"id":"@"}"#),
    ])
    func `so it is in the streams of any provider`(event: String, kept: String) {
        let pieces = ["bob", "@", "mail.org"].map { event.replacing("@", with: $0) }
        let body = pieces.joined(separator: "\n") + "\n"
        let found = redact(body, type: "application/x-ndjson", rule: RedactionRule(patterns: [.email]))
        let first =
            event == kept
            ? pieces.joined(separator: "\n") : event.replacing("@", with: "[email]") + "\n\(kept)\n\(kept)"
        #expect(found == first + "\n")
    }

    @Test(arguments: [
        ("my key is ghk_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa111111 ok", "my key is [credential] ok"),
        ("Authorization: Bearer abcdefghijklmnop.q", "Authorization: Bearer [credential]"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl!", "[credential]!"),
        ("db at postgres://bob:C4n4ry@host/x", "db at postgres://bob:[credential]@host/x"),
        ("error: password=C4n4ry! for x", "error: password=[credential] for x"),
        ("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----", "[credential]"),
        ("a password is needed", "a password is needed"), ("<b>password</b>", "<b>password</b>"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [credential]"),
        ("as -p <password> \"x\", Option<ApiKey>, y", "as -p <password> \"x\", Option<ApiKey>, y"),
        ("password=\"Tr0&ub4 dor\", x", "password=\"[credential]\", x"),
        ("{\"a\":\"-----BEGIN PRIVATE KEY-----\",\"b\":1}", "{\"a\":\"[credential]\",\"b\":1}"),
        ("<a:Password>C4n4ry!</a:Password>", "<a:Password>[credential]</a:Password>"),
        ("hf_aaaaaaaaaaaaaaaaaaaa, npm_aaaaaaaaaaaaaaaaaaaa", "[credential], [credential]"),
        ("AIzaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa glpat-aaaaaaaaaaaaaaaa", "[credential] [credential]"),
        ("xoxb-1111111111-aaaaaaaaaa", "[credential]"),
    ])
    func `credentials are known by their form in any text`(text: String, kept: String) {
        #expect(redact(text, type: "text/plain") == kept)
    }

    @Test(arguments: [
        "a basic understanding of it", "Basic internationalization, basic authentication-header",
        "see basic\nintergovernmental",
    ])
    func `words are no credentials`(text: String) {
        #expect(redact(text, type: "text/plain") == text)
    }

    @Test(arguments: [
        ("basic dxnlcjpwyxnzd29yZA", "basic [credential]"), ("Basic abcdefghijklmnoP", "Basic [credential]"),
        ("basic abcdefghijklmnopqr==", "basic [credential]"), ("basic abcdefgh/ijklmnop", "basic [credential]"),
        ("basic abcdefgh+ijklmnop", "basic [credential]"), ("basic abcdefg.hijklmno0", "basic [credential]"),
        ("authorization: basic abcdefghijklmnop", "authorization: basic [credential]"),
        ("bearer abcdefghijklmnop", "bearer [credential]"), ("sk-abcdefghijklmnop", "[credential]"),
        ("sk-proj-abcd-efgh-ijkl1", "[credential]"), ("sk-proj-abcd-efghI-jklm", "[credential]"),
        ("sk-proj-abcdefghijklmnop", "[credential]"), ("sk-abcd-efgh-ijkl_mnop", "[credential]"),
        ("sk-ant-api-abcd-efgh-", "[credential]"), ("sk-our-own-master-key", "[credential]"),
    ])
    func `but whatever has more than words is one`(text: String, kept: String) {
        #expect(redact(text, type: "text/plain") == kept)
        #expect(redact(#"{"a":"\#(text), x"}"#) == #"{"a":"\#(kept), x"}"#)
    }

    @Test func `a credential goes whole, however long it is, and takes no time to speak of`() {
        let long = String(repeating: "C4n4ry-0", count: 7500)
        let began = ContinuousClock.now
        #expect(redact("password=\(long) x", type: "text/plain") == "password=[credential] x")
        #expect(redact("at pg://bob:\(long)@db/x", type: "text/plain") == "at pg://bob:[credential]@db/x")
        let key = "-----BEGIN PRIVATE KEY-----\(long)"
        #expect(redact(key, type: "text/plain") == "[credential]")
        #expect(redact("\(key)-----END PRIVATE KEY-----", type: "text/plain") == "[credential]")
        for word in ["://a:", "://", "password=", "-----BEGIN PRIVATE KEY", "a:b"] {
            _ = redact(String(repeating: word, count: 60_000 / word.utf8.count), type: "text/plain")
        }
        #expect(ContinuousClock.now - began < .seconds(2))
    }

    @Test(arguments: [
        (RedactionRule(paths: ["model"]), "[field]"), (RedactionRule(paths: ["**.*"]), "[field]"),
        (RedactionRule(patterns: [.email]), "of [email]"), (RedactionRule(paths: ["a.model"]), "of bob@mail.org"),
    ])
    func `the name of the model beside the body is as in the body`(rule: RedactionRule, kept: String) {
        var receipt = Receipt(requestID: "1", startedAt: 0)
        receipt.model = "of bob@mail.org"
        #expect(Redactor(rule).redact(Capture(receipt: receipt, rule: CaptureRule())).receipt.model == kept)
    }

    @Test func `an own expression leaves its name`() {
        let rule = RedactionRule(expressions: [.init(name: "patient", pattern: #"P-\d{6}"#)])
        #expect(redact("of P-123456", type: "text/plain", rule: rule) == "of [patient]")
    }

    @Test(arguments: [
        ("(a+)+$", String(repeating: "a", count: 5000) + "b"),
        // Each search finds something, after thousands of steps.
        ("x(?=(?:a|aa){18}c|)", String(repeating: "x" + String(repeating: "a", count: 30), count: 2000)),
    ])
    func `an expression that takes too long leaves nothing of the body`(pattern: String, text: String) {
        let rule = RedactionRule(expressions: [.init(name: "slow", pattern: pattern)])
        let began = ContinuousClock.now
        let kept = redact(text, type: "text/plain", rule: rule)
        #expect(kept == "[removed: looking for slow took too long]")
        #expect(ContinuousClock.now - began < .seconds(2))
    }

    @Test(arguments: ["(", "[a", "(?<n>", "a{2,1}"]) func `what is no expression is said to be none`(pattern: String) {
        #expect(TextPatterns.problem(of: pattern) != nil)
    }

    @Test(arguments: ["", "a..b", "a[0]", "**", "[*", "a.[*].b*"]) func `what is no path is said to be none`(
        path: String
    ) {
        #expect(JSONRedaction.steps(path) == nil)
    }

    @Test func `what is nested too deep to be looked through is not kept`() {
        let body = String(repeating: "[", count: 5000)
        #expect(redact(body) == "[removed: it is nested too deep to be looked through]")
    }

    @Test func `the pieces of a stream begin where they began`() {
        let parts = ["data: {\"password\":\"C4n4ry\"}\n\n", "data: {\"a\":1}\n\n", "data: [DONE]\n\n"]
        var message = CapturedMessage(headers: [.init(name: "content-type", value: "text/event-stream")])
        for (index, part) in parts.enumerated() {
            message.pieces.append(.init(offset: message.body.count, microseconds: Int64(index) * 100))
            message.body += Array(part.utf8)
        }
        let capture = Capture(receipt: Receipt(requestID: "1", startedAt: 0), rule: CaptureRule(), response: message)
        let redacted = Redactor(RedactionRule()).redact(capture).response
        let text = String(decoding: redacted.body, as: UTF8.self)
        #expect(redacted.pieces.map(\.microseconds) == [0, 100, 200])
        for (piece, start) in zip(
            redacted.pieces,
            ["data: {\"password\":\"[field]\"}", "data: {\"a\"", "data: [DONE]"]
        ) {
            #expect(text.utf8.dropFirst(piece.offset).starts(with: start.utf8))
        }
    }
}
