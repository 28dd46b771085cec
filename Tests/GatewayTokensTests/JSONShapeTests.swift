import Testing

@testable import GatewayTokens

@Suite struct JSONShapeTests {
    private struct Anything: Decodable {
        init(from decoder: any Decoder) {}
    }

    private func isTaken(_ text: String) -> Bool {
        JSONShape.decode(Anything.self, from: Array(text.utf8)) != nil
    }

    @Test(arguments: [
        "{}", " \r\n\t{} ", #"{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}"#, #"{"a":"{\"a\":1,\"a\":1}"}"#,
        #"{"a":["b","b"],"b":"a"}"#, #"{"a\\":1,"a":2}"#, #"{"ключ":"☃"}"#,
        #"{"a":"# + String(repeating: "[", count: 31) + String(repeating: "]", count: 31) + "}",
    ])
    func `objects of few levels with different names are read`(text: String) {
        #expect(isTaken(text))
    }

    @Test(arguments: [
        "", " ", "[]", "1", #""a""#, "null", #"{"a":1,"a":1}"#, #"{"a":1,"\u0061":1}"#, #"{"a":{"b":1,"b":1}}"#,
        #"{"a":[{"b":1,"b":1}]}"#, #"{"a":1}}"#, #"{"a":1"#, #"{"a"#, #"{"a\"#, "{\"a\0\":1}", "{\u{1}}",
        #"{"a":"# + String(repeating: "[", count: 32) + String(repeating: "]", count: 32) + "}", "]{}", "}{",
    ])
    func `everything else is not`(text: String) {
        #expect(!isTaken(text))
    }
}
