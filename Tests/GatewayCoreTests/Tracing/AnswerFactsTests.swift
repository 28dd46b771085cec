import Testing

@testable import GatewayCore

@Suite struct AnswerFactsTests {
    private static func facts(_ texts: String...) -> AnswerFacts {
        var facts = AnswerFacts()
        for text in texts { facts.read(Array(text.utf8).span) }
        return facts
    }

    private static func expected(_ id: String, _ model: String, _ reasons: [String]) -> AnswerFacts {
        var facts = AnswerFacts()
        (facts.id, facts.model, facts.finishReasons) = (id, model, reasons)
        return facts
    }

    @Test func `an answer of several choices tells why each has ended, and what was cached and thought`() {
        let facts = Self.facts(
            """
            {"id":"a-1","model":"m","choices":[{"message":{"id":"x","finish_reason":"y"},"finish_reason":"stop"},
            {"finish_reason":null},7,{"finish_reason":"length"}],"usage":{"prompt_tokens":9,
            "prompt_tokens_details":{"cached_tokens":8},"completion_tokens_details":{"reasoning_tokens":3}}}
            """
        )
        var expected = Self.expected("a-1", "m", ["stop", "length"])
        (expected.cachedTokens, expected.reasoningTokens) = (8, 3)
        #expect(facts == expected)
    }

    @Test func `of a stream the first id and model count, and each reason as it comes`() {
        let facts = Self.facts(
            #"{"id":"a-1","model":"m","choices":[{"delta":{"content":"id"},"finish_reason":null}]}"#,
            #"{"id":"a-2","model":"n","choices":[{"index":1,"finish_reason":"stop"}]}"#,
            #"{"id":"a-1","choices":[{"index":0,"finish_reason":"tool_calls"}]}"#
        )
        #expect(facts == Self.expected("a-1", "m", ["stop", "tool_calls"]))
    }

    @Test func `a message's events tell it inside, and why it has ended in a delta`() {
        let facts = Self.facts(
            #"{"type":"message_start","message":{"id":"msg","model":"c","stop_reason":null,"usage":{"input_tokens":1,"cache_read_input_tokens":5,"cache_creation_input_tokens":2}}}"#,
            // What is null there has been told before.
            #"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3,"cache_read_input_tokens":null}}"#
        )
        var expected = Self.expected("msg", "c", ["end_turn"])
        (expected.cachedTokens, expected.cacheCreationTokens) = (5, 2)
        #expect(facts == expected)
    }

    @Test(arguments: [
        (#""status":"completed""#, ["completed"]), (#""status":"in_progress""#, []), (#""status":"queued""#, []),
        (#""status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}"#, ["max_output_tokens"]),
        (#""status":"failed","incomplete_details":null"#, ["failed"]),
    ])
    func `a response has ended when its status says so`(members: String, reasons: [String]) {
        let response = #"{"object":"response","id":"r","model":"m",\#(members)}"#
        #expect(Self.facts(response) == Self.expected("r", "m", reasons))
        let begun =
            #"{"type":"response.created","response":{"id":"r","model":"m","object":"response","status":"in_progress"}}"#
        #expect(Self.facts(begun, #"{"response":\#(response)}"#) == Self.expected("r", "m", reasons))
        // Of a call that is no response, `status` says something else.
        #expect(Self.facts(#"{"id":"r","model":"m",\#(members)}"#).finishReasons.isEmpty)
    }

    @Test(arguments: [
        "", "[]", "7", "{", "{}", #"{"id":7,"model":null,"choices":{},"usage":[],"delta":"x","message":[]}"#,
        #"{"choices":[1,"a",null,[]],"usage":{"prompt_tokens_details":null,"cached_tokens":"1"}}"#,
        #"{"message":{"message":{"id":"deep","response":{"id":"deep"}}}}"#,
        #"{"id":"\#(String(repeating: "x", count: 129))","model":""}"#,
        #"{"id":"ann@example.com","model":"my words","choices":[{"finish_reason":"a\nb"}],"stop_reason":"\u0061"}"#,
    ])
    func `what is something else tells nothing`(text: String) {
        #expect(Self.facts(text) == AnswerFacts())
    }

    @Test func `the usage of a long answer can be read by itself`() {
        var facts = AnswerFacts()
        facts.readUsage(Array(#"{"prompt_tokens_details":{"cached_tokens":7}}"#.utf8).span)
        #expect(facts.cachedTokens == 7)
    }

    @Test func `of an answer that is cut the beginning counts, and of very many reasons the first`() {
        #expect(Self.facts(#"{"id":"a","model":"m","choices":[{"finish_reason":"st"#) == Self.expected("a", "m", []))
        let many = [String](repeating: #"{"finish_reason":"stop"}"#, count: 1000).joined(separator: ",")
        #expect(Self.facts("{\"choices\":[\(many)]}").finishReasons.count == 16)
        let deep = String(repeating: #"{"message":"#, count: 200_000)
        #expect(Self.facts(deep) == AnswerFacts())
    }
}
