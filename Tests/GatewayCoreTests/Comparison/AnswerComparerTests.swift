import GatewayCore
import Testing

/// Two answers to one request.
@Suite struct AnswerComparerTests {
    private static func answer(
        _ text: String,
        _ form: ComparedAnswer.Form = .json,
        status: Int = 200,
        isCut: Bool = false
    ) -> ComparedAnswer {
        let body = ComparedAnswer.Body(form: form, bytes: Array(text.utf8), isCut: isCut)
        return ComparedAnswer(status: status, microseconds: 1000, length: Int64(text.utf8.count), body: body)
    }

    private static func compare(
        _ one: String,
        _ other: String,
        _ form: ComparedAnswer.Form = .json,
        _ comparer: AnswerComparer = AnswerComparer()
    ) -> AnswerComparison {
        comparer.compare(answer(one, form), answer(other, form))
    }

    @Test func `the same bytes agree`() {
        let comparison = Self.compare(#"{"label":"cat"}"#, #"{"label":"cat"}"#)
        #expect(comparison.isAgreed && comparison.method == .exact && comparison.similarity == 1)
    }

    @Test func `another status is a difference, whatever the bodies say`() {
        let comparison = AnswerComparer().compare(Self.answer("{}"), Self.answer("{}", status: 0))
        #expect(comparison.differences == [.init(field: "status", one: "200", other: "no answer")])
    }

    @Test(arguments: [
        (#"{"label":"cat","score":1}"#, #"{"score":1,"label":"dog"}"#, [".label"]),
        (#"{"a":{"b":[1,{"c":2}]}}"#, #"{"a":{"b":[1,{"c":3}]}}"#, [".a.b[].c"]),
        (#"{"list":[1,2]}"#, #"{"list":[1]}"#, [".list[]"]), (#"{"a":1}"#, #"{"b":1}"#, [".a", ".b"]),
        (#"{"a":1}"#, #"{"a":"1"}"#, [".a"]), (#"{"a":null}"#, "{}", [".a"]), ("[1]", #"{"a":1}"#, ["body"]),
        (#"{"a":1e999}"#, #"{"a":2e999}"#, [".a"]), (#"{"a":1.0}"#, #"{"a":1}"#, []),
        (#"{"a":1,"a":2}"#, #"{"a":2}"#, []), (#"{"a":"caf\u00e9"}"#, #"{"a":"café"}"#, []),
    ])
    func `JSON differs in the fields that do`(one: String, other: String, fields: [String]) {
        #expect(Self.compare(one, other).differences.map(\.field) == fields)
    }

    @Test(arguments: ["id", "created", "created_at", "timestamp", "request_id", "system_fingerprint", "model", "usage"])
    func `what is another in every answer is not compared, unless it is asked for`(name: String) {
        let (one, other) = (#"{"deep":[{"\#(name)":{"x":1}}]}"#, #"{"deep":[{"\#(name)":{"x":2}}]}"#)
        #expect(Self.compare(one, other).isAgreed)
        let asked = Self.compare(one, other, .json, AnswerComparer(compared: [name]))
        #expect(asked.differences.map(\.field) == [".deep[].\(name).x"])
    }

    @Test func `a member is left out by its name anywhere, or by its field in one place`() {
        let (one, other) = (#"{"a":{"x":1},"x":1}"#, #"{"a":{"x":2},"x":2}"#)
        #expect(Self.compare(one, other, .json, AnswerComparer(ignored: ["x"])).isAgreed)
        let inOne = Self.compare(one, other, .json, AnswerComparer(ignored: [".a.x"]))
        #expect(inOne.differences.map(\.field) == [".x"])
    }

    @Test(arguments: ["timing_ms", "totalDuration", "elapsed", "latencyMs", "processing-time"])
    func `a number that tells a time is measured, not compared`(name: String) {
        let comparison = Self.compare(#"{"\#(name)":12.5}"#, #"{"\#(name)":31}"#)
        #expect(comparison.isAgreed)
        #expect(comparison.measures == [.init(field: ".\(name)", one: 12.5, other: 31)])
        let compared = AnswerComparer(compared: [name])
        #expect(!Self.compare(#"{"\#(name)":12.5}"#, #"{"\#(name)":31}"#, .json, compared).isAgreed)
    }

    @Test(arguments: ["items", "sometimes", "msg", "usage_count"])
    func `a name that only looks like a time is compared`(name: String) {
        #expect(!Self.compare(#"{"\#(name)":1}"#, #"{"\#(name)":2}"#).isAgreed)
    }

    @Test func `numbers agree within the tolerance, texts when they are alike enough`() {
        let numbers = (#"{"score":0.9301}"#, #"{"score":0.9302}"#)
        #expect(!Self.compare(numbers.0, numbers.1).isAgreed)
        #expect(Self.compare(numbers.0, numbers.1, .json, AnswerComparer(tolerance: 0.001)).isAgreed)
        let texts = (#"{"text":"the cat sat on the mat"}"#, #"{"text":"the cat sat on a mat"}"#)
        #expect(!Self.compare(texts.0, texts.1).isAgreed)
        #expect(Self.compare(texts.0, texts.1, .json, AnswerComparer(leastSimilarity: 0.8)).isAgreed)
    }

    @Test(arguments: [
        ("9007199254740993", "9007199254740992"), ("0.1", "0.1000000000000001"), ("1", "-1"), ("1e400", "1e401"),
        ("1e-400", "0"), ("9007199254740993", "9007199254740992.0"),
        ("12345678901234567890123", "12345678901234567890124"), ("1e99999999999", "2e99999999999"),
    ])
    func `numbers whose values differ do, however little`(one: String, other: String) {
        #expect(Self.compare("[\(one)]", "[\(other)]").differences.map(\.field) == ["[]"])
    }

    @Test(arguments: [
        ("1.0", "1"), ("1e0", "1"), ("0.1e1", "1"), ("100", "1E+2"), ("-0", "0.0"), ("0e9", "0"), ("1e400", "10e399"),
        ("120e-1", "12"), ("9007199254740993", "9007199254740993.0"),
    ])
    func `numbers of one value agree, however they are written`(one: String, other: String) {
        #expect(Self.compare("[\(one)]", "[\(other)]").isAgreed)
    }

    @Test(arguments: [
        ("0.1", "0.10000000000000001"), ("1e23", "9.999999999999999e22"), ("-0.3", "-0.29999999999999999"),
    ]
    )
    func `numbers that are no whole ones agree where they are one double`(one: String, other: String) {
        #expect(Self.compare("[\(one)]", "[\(other)]").isAgreed && Self.compare("[\(other)]", "[\(one)]").isAgreed)
    }

    @Test func `a tolerance is no matter of how exact a number is`() {
        let comparer = AnswerComparer(tolerance: 1e-9)
        #expect(Self.compare("[9007199254740993]", "[9007199254740992]", .json, comparer).isAgreed)
        #expect(!Self.compare("[1e999]", "[1]", .json, comparer).isAgreed)
    }

    @Test func `streams are compared by the text that they assemble to`() {
        func stream(_ pieces: [String], id: String) -> String {
            pieces.map {
                #"data: {"id":"\#(id)","choices":[{"index":0,"delta":{"content":"\#($0)"}}]}"# + "\n\n"
            }.joined() + "data: [DONE]\n\n"
        }
        let one = stream(["Par", "is is", " it"], id: "1")
        #expect(Self.compare(one, stream(["Paris", " is it"], id: "2"), .events).isAgreed)
        let other = Self.compare(one, stream(["Rome", " is it"], id: "3"), .events)
        #expect(other.differences == [.init(field: "text", one: "Paris is it", other: "Rome is it")])
        #expect(other.method == .text && other.similarity > 0.6 && other.similarity < 0.7)
    }

    @Test func `events without a known text are compared one by one`() {
        let one = "{\"n\":1,\"id\":\"a\"}\n{\"n\":2,\"id\":\"b\"}\n"
        #expect(Self.compare(one, "{\"n\":1}\n{\"n\":2}\n", .events).isAgreed)
        #expect(Self.compare(one, "{\"n\":1}\n{\"n\":3}\n", .events).differences.map(\.field) == ["[].n"])
    }

    @Test func `of a body that is cut only what both have is compared`() {
        let one = Self.answer(#"{"id":"a","label":"cat","rest":"it goes on and"#, isCut: true)
        #expect(AnswerComparer().compare(one, Self.answer(#"{"id":"b","label":"cat","rest":"x"}"#)).isAgreed)
        let other = AnswerComparer().compare(one, Self.answer(#"{"id":"b","label":"dog"}"#))
        #expect(other.isPartial && other.differences.map(\.field) == [".label"])
        // A number that ends with the bytes may have gone on.
        let number = Self.answer(#"{"a":1,"b":12"#, isCut: true)
        #expect(AnswerComparer().compare(number, Self.answer(#"{"a":1,"b":127}"#)).isAgreed)
    }

    @Test func `bytes that are no text are the same or not, and what was not kept is not compared`() {
        #expect(Self.compare("a", "b", .binary).differences.map(\.field) == ["body"])
        var bodiless = Self.answer("{}")
        bodiless.body = nil
        let comparison = AnswerComparer().compare(bodiless, Self.answer(#"{"a":1}"#))
        #expect(comparison.isAgreed && comparison.method == .none)
    }

    @Test func `what calls itself JSON and is none is text`() {
        for bad in ["{", "nan", "{\"a\":}", String(repeating: "[", count: 5000), "{\"a\":1}}"] {
            let comparison = Self.compare(bad, "{}")
            #expect(comparison.method == .text && !comparison.isAgreed, "\(bad.prefix(9))")
        }
    }

    @Test func `a long text shows where it begins to differ`() throws {
        let common = String(repeating: "all the same, ", count: 500)
        let comparison = Self.compare(common + "cat", common + "dog", .text)
        let difference = try #require(comparison.differences.first)
        #expect(difference.one?.hasSuffix("cat") == true && difference.other?.hasSuffix("dog") == true)
        #expect(difference.one.map { $0.count < 500 && $0.hasPrefix("…") } == true)
        #expect(comparison.one.body == nil)
    }

    @Test(.timeLimit(.minutes(1))) func `no body takes long, however it is made`() {
        let size = 64 << 10
        let calls = (0..<size / 32).map { #"{"index":\#($0),"function":{"name":"1"}}"# }
        let bodies = [
            "[" + String(repeating: "1,", count: size / 2) + "1]",
            "{" + (0..<size / 8).map { "\"\($0 % 999)\":1" }.joined(separator: ",") + "}",
            String(repeating: "a b ", count: size / 4), String(repeating: "[{\"a\":", count: size / 6),
            "\"" + String(repeating: "\\u00e9 ", count: size / 7) + "\"",
            #"{"choices":[{"delta":{"tool_calls":[\#(calls.joined(separator: ","))]}}]}"#,
        ]
        let clock = ContinuousClock()
        for body in bodies {
            for form in [ComparedAnswer.Form.json, .events, .text] {
                let time = clock.measure { _ = Self.compare(body, body.replacing("1", with: "2") + " ", form) }
                #expect(time < .seconds(5))
            }
        }
    }
}

/// How alike two texts are.
@Suite struct TextSimilarityTests {
    private func similarity(_ one: String, _ other: String) -> Double { TextSimilarity.of(one.utf8, other.utf8) }

    @Test(
        arguments: [
            ("", "", 1), ("", "a", 0), ("a b c", "a b c", 1), ("a b c d", "a b d", 6 / 7), ("a b", "b a", 0.5),
            ("cat", "dog", 0), ("a  b\n", "a b", 1), ("猫が好き", "犬が好き", 0.75), ("a-b", "a b", 0.8),
        ] as [(String, String, Double)]
    )
    func `it is twice the longest common run of words over all words`(one: String, other: String, expected: Double) {
        #expect(abs(similarity(one, other) - expected) < 1e-9)
        #expect(similarity(one, other) == similarity(other, one))
    }

    @Test func `it is the same as by the table, for texts longer than a machine word`() {
        var seed: UInt64 = 7
        func word() -> String {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return "w\((seed >> 33) % 9)"
        }
        for length in [1, 63, 64, 65, 200, 333] {
            let (one, other) = ((0..<length).map { _ in word() }, (0..<length + 5).map { _ in word() })
            var row = Array(repeating: 0, count: other.count + 1)
            for left in one {
                var corner = 0
                for (index, right) in other.enumerated() {
                    let above = row[index + 1]
                    row[index + 1] = left == right ? corner + 1 : max(above, row[index])
                    corner = above
                }
            }
            let expected = 2 * Double(row[other.count]) / Double(one.count + other.count)
            #expect(similarity(one.joined(separator: " "), other.joined(separator: " ")) == expected)
        }
    }
}
