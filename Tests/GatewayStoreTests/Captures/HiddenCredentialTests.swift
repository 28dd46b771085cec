import GatewayCore
import Testing

@testable import GatewayStore

/// Credentials where only the place, or a spelling, tells what they are: none is there when a capture is stored.
@Suite struct HiddenCredentialTests {
    private static let boundary = "b0undary"

    private func redact(
        _ body: String = "",
        type: String = "application/json",
        headers: [CapturedMessage.Header] = [],
        rule: RedactionRule = RedactionRule()
    ) -> CapturedMessage {
        let headers = headers + [.init(name: "content-type", value: type)]
        let message = CapturedMessage(headers: headers, body: Array(body.utf8), size: Int64(body.utf8.count))
        let capture = Capture(receipt: Receipt(requestID: "1", startedAt: 0), rule: CaptureRule(), response: message)
        return Redactor(rule).redact(capture).response
    }

    private func text(_ body: String, type: String = "application/json", patterns: [RedactionRule.Pattern] = [])
        -> String
    {
        String(decoding: redact(body, type: type, rule: RedactionRule(patterns: patterns)).body, as: UTF8.self)
    }

    // MARK: - URLs

    private static let urls = [
        ("https://a.test/x?sv=1&sig=C4n4ry%3D&se=2", "https://a.test/x?sv=1&sig=[credential]&se=2"),
        ("/callback?code=C4n4ry#done", "/callback?code=[credential]#done"),
        ("https://a.test/?Token=C4n4ry", "https://a.test/?Token=[credential]"),
        ("https://a.test/#access_token=C4n4ry&x=1", "https://a.test/#access_token=[credential]&x=1"),
        ("https://s3.test/?X-Amz-Security-Token=C4n4ry&x=1", "https://s3.test/?X-Amz-Security-Token=[credential]&x=1"),
        ("/login?to=https%3A%2F%2Fb.test%3Fsig%3DC4n4ry", "/login?to=https%3A%2F%2Fb.test%3Fsig%3D[credential]"),
        ("/x?to=%2Fy%3Fdb_password%3DC4n4ry", "/x?to=%2Fy%3Fdb_password%3D[credential]"),
        ("https://a.test/?max_tokens=5&next=2#part", "https://a.test/?max_tokens=5&next=2#part"),
    ]

    @Test(
        arguments: ["location", "referer", "operation-location", "azure-asyncoperation", "content-location"],
        Self.urls
    )
    func `a credential in the query of a URL in a header is never kept`(name: String, url: (String, String)) {
        #expect(redact(headers: [.init(name: name, value: url.0)]).headers.first?.value == url.1)
    }

    @Test(arguments: Self.urls) func `so it is in a URL in a body`(url: String, kept: String) {
        #expect(text(#"{"next":"\#(url)"}"#) == #"{"next":"\#(kept)"}"#)
        #expect(text("see \(url) there", type: "text/plain") == "see \(kept) there")
    }

    @Test(arguments: [
        ("sk-aaaaaaaaaaaaaaaaaaaa=1&b=2", "[credential]=1&b=2"), ("bob%40mail.org", "[email]"),
        ("a=1&bob%40mail.org=2", "a=1&[email]=2"), ("to%6f=bob%40mail.org%ff%", "to%6f=[email]\u{FFFD}%"),
        ("%zz=bob%40mail.org", "%zz=[email]"), ("a%20b=c+d%2", "a%20b=c+d%2"),
        ("a=1&password=\u{308}C4", "a=1&password=[credential]"),
    ])
    func `all of a pair of a query is looked through as it is meant`(query: String, kept: String) {
        let capture = Capture(receipt: Receipt(requestID: "1", startedAt: 0), rule: CaptureRule(), query: query)
        #expect(Redactor(RedactionRule(patterns: [.email])).redact(capture).query == kept)
    }

    // MARK: - Forms

    private static func form(_ parts: [(String, String)], end: String = "\r\n--b0undary--\r\n") -> String {
        parts.map { "--\(boundary)\r\nContent-Disposition: form-data; \($0.0)\r\n\r\n\($0.1)" }
            .joined(separator: "\r\n") + end
    }

    @Test(arguments: [
        (#"name="password""#, "[field]"), (#"NAME=API_KEY"#, "[field]"),
        (#"name="secret"; filename="a.txt""#, "[field]"),
        (#"name="note"; filename="name=secret""#, "C4n4ry"), (#"name="note""#, "C4n4ry"),
        (#"filename="x"; name="client_secret""#, "[field]"), (#"name="pass\word""#, "[field]"),
    ])
    func `a part of a form whose name is a credential's is never kept`(head: String, kept: String) {
        let type = "multipart/form-data; boundary=\(Self.boundary)"
        let parts = [(#"name="model""#, "a"), (head, "C4n4ry"), (#"name="file"; filename="f""#, "b\r\n--c")]
        var due = parts
        due[1].1 = kept
        #expect(text(Self.form(parts), type: type) == Self.form(due))
    }

    @Test func `so it is in a form that is cut, that has another type in front, or whose parts are JSON`() {
        let type = #"Multipart/Form-Data; charset=utf-8; boundary="b0undary""#
        let cut = Self.form([("name=\"password\"", "C4n4ry")], end: "")
        #expect(text(cut, type: type) == Self.form([("name=\"password\"", "[field]")], end: ""))
        let json = Self.form([("name=\"data\"", #"{"password":"C4n4ry"}"#)])
        #expect(text(json, type: type) == Self.form([("name=\"data\"", #"{"password":"[field]"}"#)]))
        // What it calls its boundary is not what stands there.
        #expect(!text(cut, type: "multipart/form-data").contains("C4n4ry"))
        #expect(!text(cut.replacing("\r\n", with: "\n"), type: type).contains("C4n4ry"))
    }

    // MARK: - Escapes

    @Test(arguments: [
        (#"{"to":"bob\u0040mail.org","n":1}"#, #"{"to":"[email]","n":1}"#),
        (#"{"to":"\u0062ob@mail\u002eorg and\n"}"#, #"{"to":"[email] and\n"}"#),
        (#"{"to":"hello\nbob@mail.org"}"#, #"{"to":"hello\n[email]"}"#),
        (
            #"{"u":"https://a.test/?a\u003d1\u0026sig\u003dC4n4ry\u0026b\u003d2"}"#,
            #"{"u":"https://a.test/?a\u003d1\u0026sig\u003d[credential]\u0026b\u003d2"}"#
        ),
        (
            #"{"s":"{\"u\":\"/x?a=1\\u0026sig\\u003dC4n4ry\"}"}"#,
            #"{"s":"{\"u\":\"/x?a=1\\u0026sig\\u003d[credential]\"}"}"#
        ),
        (#"{"s":"key:\nsk-aaaaaaaaaaaaaaaaaaaa"}"#, #"{"s":"key:\n[credential]"}"#),
        (#"{"s":"password\u003dC4n4ry"}"#, #"{"s":"password\u003d[credential]"}"#),
        // Cut, within an escape.
        (#"{"s":"bob\u0040mail.org and \u00"#, #"{"s":"[email] and \u00"#),
        (#"{"s":"\ud83d\ude00 \u00e9"}"#, #"{"s":"\ud83d\ude00 \u00e9"}"#),
        // As PHP spells a slash.
        (
            #"{"h":"Bearer AAAAAAAAAAAAAAAAAAAAA\/TailOfBearer123456"}"#, #"{"h":"Bearer [credential]"}"#
        ),
        (#"{"dsn":"pg:\/\/bob:C4n4ry@db\/x"}"#, #"{"dsn":"pg:\/\/bob:[credential]@db\/x"}"#),
        // JSON in JSON, and in that once more.
        (
            #"{"a":"{\"b\":\"{\\\"password\\\":\\\"C4n4ry\\\"}\"}"}"#,
            #"{"a":"{\"b\":\"{\\\"password\\\":\\\"[credential]\\\"}\"}"}"#
        ),
        (#"{"a":"{\"to\":\"bob\\u0040mail.org\"}"}"#, #"{"a":"{\"to\":\"[email]\"}"}"#),
        (
            #"{"a":"{\"s\":\"key:\\nsk-aaaaaaaaaaaaaaaaaaaa\"}"}"#,
            #"{"a":"{\"s\":\"key:\\n[credential]\"}"}"#
        ),
    ])
    func `what escapes hide is found all the same, and all else stays as it was spelled`(body: String, kept: String) {
        #expect(text(body, patterns: [.email]) == kept)
    }

    @Test func `so it is in a stream whose events bring JSON in pieces, and an escape in two of them`() {
        func events(_ pieces: [String]) -> String {
            pieces.map { #"data: {"delta":"\#($0)"}"# }.joined(separator: "\n\n")
        }
        let body = events([#"{\"a\":\"bob\\u00"#, #"40mail.org\","#, #"\"n\":1}"#])
        let kept = events([#"{\"a\":\"[email]"#, #"\","#, #"\"n\":1}"#])
        #expect(text(body, type: "text/event-stream", patterns: [.email]) == kept)
    }

    @Test func `so it is in a part of a form, and backslashes without number take no time to speak of`() {
        let part = Self.form([("name=\"data\"", #"{"to":"bob\u0040mail.org"}"#)])
        let kept = Self.form([("name=\"data\"", #"{"to":"[email]"}"#)])
        #expect(text(part, type: "multipart/form-data; boundary=\(Self.boundary)", patterns: [.email]) == kept)
        let body = #"{"a":""# + String(repeating: #"\"#, count: 65_000) + #"n"}"#
        let began = ContinuousClock.now
        #expect(text(body) == body && ContinuousClock.now - began < .seconds(2))
    }

    @Test func `so it is in an event that is cut`() {
        let body = #"data: {"a":"bob\u0040mail.org"}"# + "\n\n" + #"data: {"a":"al\u0040mail.org, and"#
        let kept = #"data: {"a":"[email]"}"# + "\n\n" + #"data: {"a":"[email], and"#
        #expect(text(body, type: "text/event-stream", patterns: [.email]) == kept)
    }

    // MARK: - Headers

    @Test(arguments: [
        "Private-Token", "x-vault-token", "X-Amz-Security-Token", "x-goog-api-key", "ocp-apim-subscription-key",
        "x-functions-key", "x-gitlab-token", "x-client-secret", "x-authorization", "X-Db-Password", "x-hub_credential",
        "x-xsrf-token", "x_api_key", "x-apikey", "x-authtoken", "X-Forwarded-Access-Token",
        "x-ms-authorization-auxiliary",
        "x-original-cookie", "x-auth-key", "set-cookie2",
    ])
    func `a header is a credential when a part of its name says so`(name: String) {
        #expect(redact(headers: [.init(name: name, value: "C4n4ry")]).headers.first?.value == "[credential]")
    }

    @Test(arguments: [
        "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "idempotency-key", "sec-websocket-key",
        "x-tokenizer",
        "surrogate-key", "author", "x-request-id", "content-type", "x-prompt-token-count", "llm-token-usage",
        "x-keyboard",
    ])
    func `and none when it only sounds alike`(name: String) {
        #expect(redact(headers: [.init(name: name, value: "plain")]).headers.first?.value == "plain")
    }

    // MARK: - Paths

    @Test(arguments: [
        ("/demo/chat/keys/sk-aaaaaaaaaaaaaaaaaaaa/x", "/demo/chat/keys/[credential]/x"),
        ("/of/bob%40mail.org", "/of/[email]"),
        ("/demo/a%20b", "/demo/a%20b"),
    ])
    func `a path is looked through as it is meant`(path: String, kept: String) {
        var receipt = Receipt(requestID: "1", startedAt: 0)
        receipt.path = path
        let redactor = Redactor(RedactionRule(patterns: [.email]))
        #expect(redactor.redact(Capture(receipt: receipt, rule: CaptureRule())).receipt.path == kept)
    }

    @Test func `so it is in a receipt, however short`() {
        var (redaction, path) = (ReceiptRedaction(), "/%70wd%3dC4n4")
        redaction.redact(&path)
        #expect(path == "/pwd=[credential]")
    }
}
