import Testing

@testable import GatewayCore

@Suite struct EventScanTests {
    private func end(_ text: String, from start: Int = 0) -> Int? {
        EventScan.endOfEvent(Array(text.utf8).span, from: start)
    }

    private func finding(_ event: String) -> EventScan.Finding {
        let bytes = Array(event.utf8)
        return EventScan.inspect(bytes.span, 0..<bytes.count)
    }

    @Test(arguments: [
        ("data: a\n\n", 9), ("data: a\r\n\r\n", 11), ("data: a\n\r\n", 10), ("data: a\r\n\n", 10),
        ("data: a\n\ndata: b\n\n", 9),
        ("event: x\ndata: a\n\n", 18), ("\n\n", 2), (": comment\n\n", 11), ("data: a", nil), ("data: a\n", nil),
        ("data: a\r\n", nil),
        ("data: a\r\n\r", nil), ("data: a\r\r", 9), ("data: a\rdata: b\r", nil), ("", nil), ("data: a\ndata: b\n", nil),
    ])
    func `an event ends behind its blank line`(text: String, expected: Int?) {
        #expect(end(text) == expected)
    }

    @Test func `the next event is found behind the last`() {
        let text = "data: a\n\ndata: b\r\n\r\ndata: c"
        #expect(end(text, from: 9) == 20)
        #expect(end(text, from: 20) == nil)
    }

    @Test(arguments: ["\n", "\r\n", "\r"]) func `the extra usage event is known`(line: String) {
        let event = #"data: {"id":"x","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}"# + line + line
        #expect(finding(event) == EventScan.Finding(usage: TokenUsage(prompt: 3, completion: 4), isUsageOnly: true))
    }

    @Test(arguments: [
        #"data: {"choices":[ ],"usage":{"prompt_tokens":3}}"#, #"data:{"usage":{"prompt_tokens":3},"choices":[]}"#,
        "id: 1\n" + #"data: {"choices":[],"usage":{"prompt_tokens":3}}"#,
        "event: chunk\r\n" + #"data: {"choices":[],"usage":{"prompt_tokens":3}}"# + "\r",
    ])
    func `the usage event is known in every spelling`(event: String) {
        #expect(finding(event + "\n\n") == EventScan.Finding(usage: TokenUsage(prompt: 3), isUsageOnly: true))
    }

    @Test(arguments: [
        #"data: {"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#,
        #"data: {"usage":{"prompt_tokens":3,"completion_tokens":1}}"#,
        #"data: {"choices":null,"usage":{"prompt_tokens":3,"completion_tokens":1}}"#,
    ])
    func `usage beside choices is read, and the event is the caller's`(event: String) {
        #expect(
            finding(event + "\n\n")
                == EventScan.Finding(usage: TokenUsage(prompt: 3, completion: 1), isUsageOnly: false)
        )
    }

    @Test(arguments: [
        "data: [DONE]\n\n", #"data: {"choices":[{"delta":{}}],"usage":null}"# + "\n\n", ": ping\n\n", "\n\n",
        "data:\n\n", "data: \n\n",
        "data\n\n", #"{"usage":{"prompt_tokens":1},"choices":[]}"# + "\n\n", "event: usage\n\n",
        #"data: {"choices":[],"usage":{}}"# + "\n\n",
        #"data: {"choices":[],"usage":{"prompt_tok"# + "\n\n",
    ])
    func `other events tell no usage`(event: String) {
        #expect(finding(event).usage == nil)
    }

    @Test(arguments: [
        "data: [DONE]\n\n", #"data: {"choices":[]}"# + "\n\n", #"data: {"choices":[],"usage":null}"# + "\n\n",
    ])
    func `an event without usage is never hidden`(event: String) {
        #expect(!finding(event).isUsageOnly)
    }

    @Test func `Anthropic's usage is spread over two events`() {
        let start =
            "event: message_start\n"
            + #"data: {"type":"message_start","message":{"id":"m","content":[],"usage":{"input_tokens":25,"output_tokens":1}}}"#
        let delta =
            "event: message_delta\n"
            + #"data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}"#
        #expect(
            finding(start + "\n\n")
                == EventScan.Finding(usage: TokenUsage(prompt: 25, completion: 1), isUsageOnly: false)
        )
        #expect(finding(delta + "\n\n") == EventScan.Finding(usage: TokenUsage(completion: 15), isUsageOnly: false))
    }

    @Test func `a response tells its usage in its last event`() {
        let created = #"data: {"type":"response.created","response":{"id":"r","usage":null}}"#
        let completed =
            #"data: {"type":"response.completed","response":{"output":[],"usage":{"input_tokens":7,"output_tokens":9}}}"#
        #expect(finding(created + "\n\n").usage == nil)
        #expect(finding(completed + "\n\n") == EventScan.Finding(usage: TokenUsage(prompt: 7, completion: 9)))
    }

    @Test(arguments: [
        (#"{"choices":[{"delta":{"content":"x"}}]}"#, true), (#"{"choices":[{"text":"x"}],"usage":null}"#, true),
        (#"{"type":"content_block_delta","delta":{"text":"x"}}"#, true),
        (#"{"type":"response.output_text.delta","delta":"x"}"#, true), (#"{"choices":[]}"#, false),
        (#"{"choices":[{"delta":{}}],"usage":{"completion_tokens":1}}"#, false),
        (#"{"type":"message_delta","delta":{},"usage":{"output_tokens":15}}"#, false),
        (#"{"type":"ping"}"#, false), ("[DONE]", false),
    ])
    func `pieces of the answer are known, where no usage is beside them`(data: String, isContent: Bool) {
        #expect(finding("data: \(data)\n\n").isContent == isContent)
    }

    @Test(arguments: [
        #"data: {"message":{"usage":5}}"#, #"data: {"message":{"usage":null}}"#, #"data: {"message":"x"}"#,
        #"data: {"message":{}"#,
    ])
    func `odd events do no harm`(event: String) {
        #expect(finding(event + "\n\n").usage == nil)
    }
}
