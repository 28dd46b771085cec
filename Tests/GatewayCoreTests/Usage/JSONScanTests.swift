import GatewayCore
import Testing

@Suite struct JSONScanTests {
    /// The members as `name=value` and how the scan ended.
    private func scan(_ text: String) -> (members: [String], outcome: JSONScan.Outcome) {
        let bytes = Array(text.utf8)
        var members: [String] = []
        let outcome = JSONScan.members(of: bytes.span) { member in
            let name = String(decoding: bytes[member.name], as: UTF8.self)
            members.append(name + "=" + String(decoding: bytes[member.value], as: UTF8.self))
        }
        return (members, outcome)
    }

    @Test(arguments: [
        (#"{}"#, []), (#" { } "#, []), (#"{"a":1}"#, ["a=1"]), (#"{ "a" : 1 , "b" : "x" }"#, ["a=1", #"b="x""#]),
        ("\r\n\t{\"a\"\n:\ntrue\n}", ["a=true"]), (#"{"":null}"#, ["=null"]),
        (#"{"a":{"a":[{"b":"}"}]},"b":[]}"#, [#"a={"a":[{"b":"}"}]}"#, "b=[]"]),
        (#"{"a\"b":"c\\"}"#, [#"a\"b="c\\""#]), (#"{"a":"{\"model\":\"x\"}"}"#, [#"a="{\"model\":\"x\"}""#]),
        (#"{"é":"日本"}"#, [#"é="日本""#]), (#"{"a":-1.5e+3}"#, ["a=-1.5e+3"]), (#"{"a":1} trailing"#, ["a=1"]),
        (#"{"a":1,"a":2}"#, ["a=1", "a=2"]),
    ])
    func `every member of a whole object is visited`(text: String, members: [String]) {
        let result = scan(text)
        #expect(result.members == members)
        #expect(result.outcome == .complete)
    }

    @Test func `every cut of an object is told from a whole one`() {
        let text = #"{"model":"a\"b","messages":[{"role":"user","content":"x\\"}],"n":12,"stream":true}"#
        for count in 0..<text.utf8.count {
            let cut = String(decoding: Array(text.utf8.prefix(count)), as: UTF8.self)
            #expect(scan(cut).outcome == .truncated, "cut at \(count)")
        }
        #expect(scan(text).outcome == .complete)
    }

    @Test func `the members before a cut are visited`() {
        #expect(scan(#"{"model":"a","messages":[{"role"#).members == [#"model="a""#])
        #expect(scan(#"{"model":"a"#).members == [])
    }

    @Test(arguments: [
        "[]", "1", "\"text\"", "null", "x", #"{a:1}"#, #"{"a" 1}"#, #"{"a":1 "b":2}"#, #"{"a":}"#, #"{,}"#,
        #"{"a":1,}"#,
        #"{"a"}"#, #"{1:2}"#,
    ])
    func `what is no object is told`(text: String) {
        #expect(scan(text).outcome == .notAnObject)
    }

    @Test func `deep nesting needs no recursion`() {
        let depth = 1_000_000
        let text = #"{"a":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + #","b":1}"#
        #expect(scan(text).members.last == "b=1")
    }

    @Test(arguments: [
        (#"plain"#, "plain"), (#"a\"b\\c\/d"#, "a\"b\\c/d"), (#"\n\t\r\b\f"#, "\n\t\r\u{8}\u{c}"),
        (#"\u0041\u00e9"#, "Aé"),
        (#"\ud83d\ude00!"#, "😀!"), (#"\ud83d"#, "\u{fffd}"), (#"\ude00x"#, "\u{fffd}x"),
        (#"\ud83d\u0041"#, "\u{fffd}A"),
        (#"\ud83dx"#, "\u{fffd}x"), ("日本", "日本"), ("", ""), (#"\u0000"#, "\0"),
    ])
    func `escapes are decoded`(text: String, expected: String) {
        let bytes = Array(text.utf8)
        #expect(JSONScan.string(bytes.span, 0..<bytes.count) == expected)
    }

    @Test(arguments: [#"\"#, #"\u"#, #"\u12"#, #"\u12zz"#, #"a\ud83d\"#, #"\ud83d\u"#, #"\ud83d\u00"#])
    func `broken escapes do no harm`(text: String) {
        let bytes = Array(text.utf8)
        _ = JSONScan.string(bytes.span, 0..<bytes.count)
    }

    @Test(arguments: [
        ("model", true), (#"mod\u0065l"#, true), (#"\u006d\u006F\u0064\u0065\u006c"#, true), ("Model", false),
        ("models", false),
        ("mode", false), (#"mode\l"#, true), ("", false),
    ])
    func `a name matches however it is spelled`(name: String, isMatch: Bool) {
        let bytes = Array(name.utf8)
        #expect(JSONScan.matches(bytes.span, 0..<bytes.count, "model") == isMatch)
    }

    @Test(arguments: [
        ("0", 0), ("12", 12), ("007", 7), ("999999999999999999", 999_999_999_999_999_999), ("", nil), ("-1", nil),
        ("1.0", nil),
        ("1e3", nil), ("9999999999999999999", nil), ("null", nil),
    ])
    func `whole numbers are read, nothing else`(text: String, value: Int64?) {
        let bytes = Array(text.utf8)
        #expect(JSONScan.integer(bytes.span, 0..<bytes.count) == value)
    }
}
