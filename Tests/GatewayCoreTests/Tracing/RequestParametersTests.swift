import Testing

@testable import GatewayCore

@Suite struct RequestParametersTests {
    private static func parameters(_ text: String) -> RequestParameters {
        RequestParameters(of: Array(text.utf8).span, maxTokens: nil)
    }

    @Test func `what the caller wants is read wherever it stands`() {
        let read = Self.parameters(
            #"{"temperature":0.7,"messages":[{"temperature":2,"seed":1}],"top_p":1e-1,"seed":-42,"conversation":{"id":"c"}}"#
        )
        #expect(read.temperature == 0.7 && read.topP == 0.1 && read.seed == -42 && read.conversation == "c")
        #expect(Self.parameters(#"{"conversation":"c-2","temperature":-0}"#).conversation == "c-2")
        #expect(RequestParameters(of: Array("{}".utf8).span, maxTokens: 9).maxTokens == 9)
    }

    @Test(arguments: [
        "", "null", "true", #""1""#, "[1]", "{}", "nan", "inf", "-inf", "0x10", "1e999", "+1", ".5", "1_0",
        String(repeating: "1", count: 41),
    ])
    func `what is no number is not told`(value: String) {
        let read = Self.parameters(#"{"temperature":\#(value),"top_p":\#(value)}"#)
        #expect(read.temperature == nil && read.topP == nil)
    }

    @Test func `of a long body the beginning counts`() {
        let long = #""messages":"\#(String(repeating: "x", count: 300_000))""#
        #expect(Self.parameters("{\"seed\":1,\(long),\"top_p\":1}") == Self.parameters(#"{"seed":1}"#))
    }

    @Test(arguments: ["1.5", "1e3", "+7", "99999999999999999999", "\"7\"", "null"])
    func `a seed that is no whole number is not told`(value: String) {
        #expect(Self.parameters(#"{"seed":\#(value)}"#).seed == nil)
    }

    @Test(arguments: ["7", "null", "[]", "{}", #"{"id":7}"#, #"{"id":{"id":"x"}}"#, #""ann@example.com""#])
    func `a conversation without a name is not told`(value: String) {
        #expect(Self.parameters(#"{"conversation":\#(value)}"#) == RequestParameters())
    }
}
