import GatewayCore
import Testing

@testable import GatewayStore

/// What several events of a stream bring together, whatever they bring it in.
@Suite struct StreamedEventTests {
    private func redact(
        _ body: String,
        type: String = "text/event-stream",
        rule: RedactionRule = RedactionRule(patterns: [.email])
    ) -> String {
        let headers = [CapturedMessage.Header(name: "content-type", value: type)]
        let message = CapturedMessage(headers: headers, body: Array(body.utf8), size: Int64(body.utf8.count))
        let capture = Capture(receipt: Receipt(requestID: "1", startedAt: 0), rule: CaptureRule(), response: message)
        return String(decoding: Redactor(rule).redact(capture).response.body, as: UTF8.self)
    }

    private static func events(_ data: [String], end: String = "\n") -> String {
        data.map { "data: \($0)\(end)\(end)" }.joined()
    }

    @Test(arguments: ["\n", "\r\n", "\r"]) func `texts are put together`(end: String) {
        let body = ["my mail is bob02@exa", "mple.org, sk-", "b2b2b2b2b2b2", "b2b2b2b2 ", "", "ok", "[DONE]"]
        let kept = ["my mail is [email]", ", [credential]", "", " ", "", "ok", "[DONE]"]
        #expect(redact(Self.events(body, end: end)) == Self.events(kept, end: end))
    }

    @Test(arguments: [
        ([#""bob@""#, #""mail.org\n""#, #""and""#], [#""[email]""#, #""\n""#, #""and""#]),
        ([#""bob\u0040""#, #""""#, #""mail.org""#], [#""[email]""#, #""""#, #""""#]),
        // JSON that a model says, token by token.
        (
            [#"{""#, "pass", "word", #"":""#, "C4n", "4ry", #""}"#],
            [#"{""#, "pass", "word", #"":""#, "[credential]", "", #""}"#]
        ),
        ([#"{"password": "C4n"#, #"4ry"}"#, "x"], [#"{"password": "[field]""#, #""}"#, "x"]),
        ([#"{"hf_token": "C4n"#, "x"], [#"{"hf_token": "[field]""#, "x"]),
        ([#"say "bob@"#, #"mail.org""#], [#"say "[email]"#, #"""#]), (["[bob@", "mail.org]"], ["[[email]", "]"]),
        (["password=C4n4ry", "[DONE]"], ["password=[credential]", "[DONE]"]),
    ])
    func `so are strings, and what only looks like JSON`(body: [String], kept: [String]) {
        #expect(redact(Self.events(body)) == Self.events(kept))
    }

    @Test func `lines of one event have a line feed between`() {
        let body = "data: a bob@\ndata: mail.org!\n\ndata: al@\n\ndata: mail.org\ndata:\ndata: x\n\n"
        let kept = "data: a bob@\ndata: mail.org!\n\ndata: [email]\n\ndata: \ndata:\ndata: x\n\n"
        #expect(redact(body) == kept)
        let key = "data: -----BEGIN PRIVATE KEY-----\ndata: MIIE\n\ndata: -----END PRIVATE KEY-----\n\n"
        #expect(redact(key) == "data: [credential]\ndata: \n\ndata: \n\n")
    }

    @Test func `a byte order mark is no part of the first line`() {
        let first = "\u{FEFF}data: bob@\n\n"
        #expect(redact(first + "data: mail.org\n\n") == "\u{FEFF}data: [email]\n\ndata: \n\n")
    }

    @Test func `what events of two kinds bring is not put together`() {
        let body = "event: a\ndata: bob@\n\nevent: b\ndata: mail.org\n\n"
        #expect(redact(body) == body)
        let mixed = "data: bob@\n\ndata: {\"a\":\"x\"}\n\n: mail.org\n\nid: mail.org\n\n"
        #expect(redact(mixed) == mixed)
    }

    @Test(arguments: [
        (
            "data: {\ndata:  \"a\": {\"secret\":\ndata: \"C4\"},\ndata: \"b\": 1}\n\n",
            "data: {\ndata:  \"a\": \"[field]\"\ndata: ,\ndata: \"b\": 1}\n\n"
        ),
        (
            "data:\ndata:  { \"a\"\ndata: :1,\ndata: \"b\":2}\n\n",
            "data:\ndata:  { \"a\"\ndata: :\"[field]\",\ndata: \"b\":2}\n\n"
        ),
        // Cut.
        ("data: {\"a\":\ndata: {\"x\":\"C4", "data: {\"a\":\ndata: \"[field]\""),
        // Each line an event of its own, though no empty line says so.
        ("data: {\"a\":1}\ndata: {\"a\":2}\n", "data: {\"a\":\"[field]\"}\ndata: {\"a\":\"[field]\"}\n"),
        ("{\"a\":1}\n{\"b\":2}\n", "{\"a\":\"[field]\"}\n{\"b\":2}\n"),
    ])
    func `paths lead through an event of several lines`(body: String, kept: String) {
        #expect(redact(body, rule: RedactionRule(paths: ["a"])) == kept)
    }

    @Test func `texts of events of several lines are put together too`() {
        func events(_ texts: [String]) -> String {
            texts.map { "data: {\"choices\": [\ndata:   {\"text\": \"\($0)\"}\ndata: ]}\n\n" }.joined()
        }
        #expect(redact(events(["bob@", "mail.org", " x"])) == events(["[email]", "", " x"]))
    }

    @Test func `lines of JSON may be strings`() {
        let body = "\"bob@\"\n\"mail.org\"\nplain\n\"\n"
        let kept = "\"[email]\"\n\"\"\nplain\n\"\n"
        #expect(redact(body, type: "application/x-ndjson") == kept)
    }

    @Test(arguments: [
        "data: x\n\n", "data:\n", "data: {\n", "data: \"x\",\n", "event: x\ndata: y\n\n", "data: {\"a\":1,\n",
    ])
    func `thousands of events, or of lines of one, take no time to speak of`(line: String) {
        let body = (0..<64_000 / line.utf8.count).map { _ in line }.joined()
        let began = ContinuousClock.now
        for body in [body, "data: [\n\(body)data: ]\n\n"] {
            #expect([body, "[removed: it is nested too deep to be looked through]"].contains(redact(body)))
        }
        #expect(ContinuousClock.now - began < .seconds(5))
    }

    @Test(arguments: [#""type":"a kind of events, @""#, #""a kind of events":[{"@":["x"]}]"#])
    func `what is known of the places of texts is no longer than the stream, whatever it repeats`(member: String) {
        let members = (0..<600).map { member.replacing("@", with: "\($0)") }
        let texts = (0..<600).map { #""\#($0)":"x""# }
        let object = "{\((members + texts).joined(separator: ","))}"
        let body = Array(Self.events([object, object, "[\ndata: \(object)]"]).utf8)
        let message = CapturedMessage(headers: [.init(name: "content-type", value: "text/event-stream")], body: body)
        let ways = StreamedText.pieces(of: EventReader(message).events, in: body).ways
        let size = ways.keys.reduce(0) { size, way in
            switch way.step {
            case .event(let name), .member(let name), .key(let name): size + name.utf8.count
            case .element: size + 1
            }
        }
        #expect(ways.count > 600 && size < body.count)
    }

    @Test func `lines put together at random are taken apart, and none of their secrets is kept`() {
        var chance = Seeded(state: 5)
        let lines = [
            "data: ", "data:", "data: {", "data: }", "data: [", "data: \"a\",", "data: \"", "data: {\"a\":\"b\"}",
            "{\"a\":[", "data: \\", "data: \\u00", "event: x", "event:", ": y", "data: [DONE]", "\"a\"", "",
            "data: \"sk-aaaaaaaaaaaaaaaa\"", "data: sk-aaaaaaaaaaaaaaaa", "data: {\"password\": \"aaaaaa\"}",
            "data: {\"t\": \"\\u0061aaa@aaa.org",
        ]
        let ends = ["\n", "\r\n", "\r", "\n\n", ""]
        for round in 0..<4000 {
            var body = ""
            for _ in 0..<Int.random(in: 1...12, using: &chance) {
                body += lines.randomElement(using: &chance)! + ends.randomElement(using: &chance)!
            }
            let type = round.isMultiple(of: 3) ? "application/x-ndjson" : "text/event-stream"
            let kept = redact(body, type: type, rule: RedactionRule(paths: ["a"], patterns: [.email]))
            #expect(!kept.contains("-aaaaaa") && !kept.contains("aaa@aaa"), "\(body.debugDescription)")
        }
    }

    @Test func `a credential behind what is found in two events stays known`() {
        let (body, kept) = (["to bob@", "mail.org", "sk-aaaaaaaaaaaaaaaa."], ["to [email]", "", "."])
        #expect(redact(Self.events(body)) == Self.events(kept))
        let json = body.map { "{\"a\":\"\($0)\"}" }
        #expect(redact(Self.events(json)) == Self.events(kept.map { "{\"a\":\"\($0)\"}" }))
    }

    @Test func `texts that stand in one another are apart`() {
        let body = "data: hello\n\nevent: b\ndata:\ndata: x\n\ndata: -----BEGIN PRIVATE KEY-----\n\n"
        let kept = redact(body)
        #expect(kept.hasPrefix("data: hello\n\nevent: b\ndata:\ndata: x\n\ndata: [credential]"))
    }
}
