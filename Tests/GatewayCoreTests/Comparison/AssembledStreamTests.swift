import GatewayCore
import Testing

/// Two streams that answer one request.
@Suite struct AssembledStreamTests {
    private static func compare(
        _ one: String,
        _ other: String,
        isCut: Bool = false,
        _ comparer: AnswerComparer = AnswerComparer()
    ) -> AnswerComparison {
        func answer(_ text: String, isCut: Bool) -> ComparedAnswer {
            let body = ComparedAnswer.Body(form: .events, bytes: Array(text.utf8), isCut: isCut)
            return ComparedAnswer(status: 200, microseconds: 1000, length: Int64(text.utf8.count), body: body)
        }
        return comparer.compare(answer(one, isCut: false), answer(other, isCut: isCut))
    }

    private static func events(_ events: [String]) -> String { events.map { "data: \($0)\n\n" }.joined() }

    /// Of a chat, each with one choice.
    private static func chat(_ deltas: [String], finish: String? = "stop", mark: [String] = ["[DONE]"]) -> String {
        let end = finish.map { [#"{"choices":[{"index":0,"delta":{},"finish_reason":"\#($0)"}]}"#] } ?? []
        let pieces = deltas.map { #"{"choices":[{"index":0,"delta":\#($0),"finish_reason":null}]}"# }
        return events(pieces + end + mark)
    }

    private static func call(_ name: String, _ arguments: [String], index: Int = 0) -> [String] {
        let first = #"{"index":\#(index),"id":"call_1","function":{"name":"\#(name)","arguments":""}}"#
        let rest = arguments.map { #"{"index":\#(index),"function":{"arguments":"\#($0)"}}"# }
        return ([first] + rest).map { #"{"tool_calls":[\#($0)]}"# }
    }

    private static let hello = #"{"content":"Hello"}"#

    private static let chats: [(String, String, [String])] = [
        (chat([hello]), chat([hello], finish: "length"), ["finish_reason"]),
        (chat([hello]), chat([hello], finish: nil, mark: []), ["finish_reason", "end"]),
        (chat([hello]), chat([hello], mark: []), ["end"]),
        (chat([hello]), chat([hello, #"{"refusal":"No."}"#]), ["refusal"]),
        (chat([hello]), chat([#"{"reasoning_content":"Hm."}"#, hello]), ["reasoning"]),
        (chat([#"{"reasoning":"Hm."}"#]), chat([#"{"reasoning":"Aha."}"#]), ["reasoning"]),
        (chat(call("add", ["[1]"])), chat(call("sub", ["[1]"])), ["tool_calls[].name"]),
        (chat(call("add", ["[1]"])), chat(call("add", ["[2]"])), ["tool_calls[].arguments"]),
        (chat([hello]), chat([hello] + call("add", ["[1]"])), ["tool_calls[].name", "tool_calls[].arguments"]),
        (
            chat(call("add", ["[1]"]) + call("sub", ["[1]"], index: 1)),
            chat(call("add", ["[1]"]) + call("mul", ["[1]"], index: 1)), ["tool_calls[].name"]
        ),
        (chat([#"{"function_call":{"name":"a"}}"#]), chat([#"{"function_call":{"name":"b"}}"#]), ["tool_calls[].name"]),
        (chat([hello]), events([#"{"error":{"message":"busy"}}"#]), ["text", "finish_reason", "error", "end"]),
        (
            events([#"{"choices":[{"text":"a","index":0},{"text":"b","index":1}]}"#]),
            events([#"{"choices":[{"text":"b","index":0},{"text":"a","index":1}]}"#]), ["text"]
        ),
    ]

    /// Of Anthropic's messages: one block, and the end.
    private static func message(
        _ block: String,
        _ delta: String,
        stop: String = #""stop_reason":"end_turn""#,
        isWhole: Bool = true
    ) -> String {
        events(
            [
                #"{"type":"message_start","message":{"id":"m","content":[],"usage":{"input_tokens":3}}}"#,
                #"{"type":"content_block_start","index":0,"content_block":\#(block)}"#,
                #"{"type":"content_block_delta","index":0,"delta":\#(delta)}"#,
                #"{"type":"content_block_stop","index":0}"#, #"{"type":"message_delta","delta":{\#(stop)}}"#,
            ] + (isWhole ? [#"{"type":"message_stop"}"#] : [])
        )
    }

    private static func use(_ name: String, _ input: String) -> String {
        message(
            #"{"type":"tool_use","id":"\#(input.utf8.count)","name":"\#(name)","input":{}}"#,
            #"{"type":"input_json_delta","partial_json":"\#(input)"}"#
        )
    }

    private static func said(_ stop: String = #""stop_reason":"end_turn""#, isWhole: Bool = true) -> String {
        message(#"{"type":"text","text":""}"#, #"{"type":"text_delta","text":"Hi"}"#, stop: stop, isWhole: isWhole)
    }

    private static let messages: [(String, String, [String])] = [
        (use("add", "[1]"), use("sub", "[1]"), ["tool_calls[].name"]),
        (use("add", "[1]"), use("add", "[1, 2]"), ["tool_calls[].arguments"]),
        (said(), said(#""stop_reason":"max_tokens""#), ["finish_reason"]),
        (
            said(#""stop_reason":"stop_sequence","stop_sequence":"a""#),
            said(#""stop_reason":"stop_sequence","stop_sequence":"b""#), ["stop_sequence"]
        ),
        (said(), said(isWhole: false), ["end"]),
        (said(), message(#"{"type":"thinking"}"#, #"{"thinking":"Hi"}"#), ["text", "reasoning"]),
        (said(), events([#"{"type":"error","error":{"message":"busy"}}"#]), ["text", "finish_reason", "error", "end"]),
    ]

    /// Of OpenAI's responses.
    private static func response(_ events: [String], status: String = "completed") -> String {
        self.events(events + [#"{"type":"response.\#(status)","response":{"id":"r","status":"\#(status)"}}"#])
    }

    private static func function(_ name: String, _ arguments: String) -> String {
        response([
            #"{"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","name":"\#(name)"}}"#,
            #"{"type":"response.function_call_arguments.delta","output_index":1,"delta":"\#(arguments)"}"#,
            #"{"type":"response.function_call_arguments.done","output_index":1,"arguments":"\#(arguments)"}"#,
        ])
    }

    private static let responses: [(String, String, [String])] = [
        (function("add", "[1]"), function("sub", "[1]"), ["tool_calls[].name"]),
        (function("add", "[1]"), function("add", "[2]"), ["tool_calls[].arguments"]),
        (
            response([#"{"type":"response.output_text.delta","delta":"No"}"#]),
            response([#"{"type":"response.refusal.delta","delta":"No"}"#]), ["text", "refusal"]
        ),
        (
            response([#"{"type":"response.output_text.delta","delta":"No"}"#]),
            response([#"{"type":"response.reasoning_text.delta","delta":"No"}"#]), ["text", "reasoning"]
        ),
        (response([]), response([], status: "incomplete"), ["finish_reason"]),
        (
            response([]), events([#"{"type":"response.created","response":{"status":"in_progress"}}"#]),
            ["finish_reason", "end"]
        ),
    ]

    private static func lines(_ lines: [String]) -> String { lines.joined(separator: "\n") + "\n" }

    private static let others: [(String, String, [String])] = [
        (
            lines([#"{"response":"Hi"}"#, #"{"response":"","done":true,"done_reason":"stop"}"#]),
            lines([#"{"response":"Hi"}"#, #"{"response":"","done":true,"done_reason":"length"}"#]),
            ["finish_reason"]
        ),
        (
            lines([#"{"message":{"content":"Hi"},"done":true}"#]), lines([#"{"message":{"content":"Hi"}}"#]),
            ["end"]
        ),
        (
            lines([#"{"message":{"content":"","tool_calls":[{"function":{"name":"a","arguments":{"x":1}}}]}}"#]),
            lines([#"{"message":{"content":"","tool_calls":[{"function":{"name":"a","arguments":{"x":2}}}]}}"#]),
            ["tool_calls[].arguments"]
        ),
        (
            events([#"{"token":{"text":"a"},"generated_text":"a","details":{"finish_reason":"length"}}"#]),
            events([#"{"token":{"text":"a"},"generated_text":"a","details":{"finish_reason":"eos_token"}}"#]),
            ["finish_reason"]
        ),
        (events([#"{"text_output":"a"}"#]), events([#"{"text_output":"b"}"#]), ["text"]),
        (events([#"{"n":1}"#, "[DONE]"]), events([#"{"n":1}"#]), ["end"]),
        (events(["plain"]), events(["other"]), ["text"]),
    ]

    @Test(arguments: chats + messages + responses + others)
    func `streams differ in all that they say`(one: String, other: String, fields: [String]) {
        #expect(Self.compare(one, other).differences.map(\.field) == fields)
        #expect(Self.compare(other, one).differences.map(\.field) == fields)
        #expect(Self.compare(one, one + ": done\n").isAgreed && Self.compare(other, other + "\n").isAgreed)
    }

    @Test(arguments: [
        (
            chat([hello]),
            ": hi\n\nevent: chunk\nid: 7\n"
                + chat([#"{"role":"assistant","content":""}"#, #"{"content":"Hel"}"#, #"{"content":"lo"}"#])
                .replacing(#"{"content":"lo"}"#, with: #"{"content":"lo","tool_calls":null}"#)
                .replacing(#"{"choices""#, with: #"{"id":"x","created":1,"choices""#)
        ),
        (
            chat([hello]),
            chat([hello], mark: [#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#, "[DONE]"])
        ),
        (chat(call("add", ["[1,", "2]"])), chat(call("add", ["[1,2]"])).replacing("call_1", with: "call_2")),
        // The calls of both are the first ones, wherever their blocks stand.
        (
            use("add", "[1]"),
            use("add", "[1]").replacing(#""index":0"#, with: #""index":1"#).replacing(#""id":"3""#, with: #""id":"4""#)
        ),
        (
            lines([#"{"message":{"tool_calls":[{"function":{"name":"a","arguments":{"x":[1,null],"y":"\""}}}]}}"#]),
            lines([#"{"message":{"tool_calls":[{"function":{"name":"a","arguments":{"y":"\u0022","x":[1,null]}}}]}}"#])
        ),
        (
            chat([#"{"reasoning":"Hm."}"#, hello]),
            chat([
                #"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"H"}]}]}"#,
                #"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"m."}]}]}"#,
                #"{"content":[{"type":"text","text":""},{"type":"text","text":"Hel"}]}"#, #"{"content":"lo"}"#,
            ])
        ),
        (
            chat([#"{"content":[{"type":"reasoning","reasoning":"Hm."},{"refusal":"No"}]}"#, hello]),
            chat([
                #"{"content":[{"type":"reasoning","reasoning":"H"}]}"#, #"{"content":[{"type":"text"}]}"#,
                #"{"content":[{"type":"reasoning","reasoning":"m."},{"refusal":"N"},{"type":"text","text":null}]}"#,
                #"{"content":[{"refusal":"o"}]}"#, hello,
            ])
        ),
        // Calls in one event, and each in its own.
        (
            lines([
                #"{"message":{"tool_calls":[{"function":{"name":"a","arguments":{"x":1}}},{"function":{"name":"b"}}]}}"#
            ]),
            lines([
                #"{"message":{"tool_calls":[{"function":{"name":"a","arguments":{"x":1}}}]}}"#,
                #"{"message":{"tool_calls":[{"function":{"name":"b"}}]}}"#,
            ])
        ),
        (
            function("add", "[1]"),
            function("add", "[1]") + events([#"{"type":"response.ping","sequence_number":9}"#])
        ),
    ])
    func `pieces, ids, names of events and usage are no difference`(one: String, other: String) {
        #expect(Self.compare(one, other).differences == [])
    }

    @Test(arguments: [
        // Neither index nor id, as Ollama once had it; and one index for all, or ids alone.
        [#"{"function":{"name":"add","arguments":"[1]"}}"#, #"{"function":{"name":"add","arguments":"[2]"}}"#],
        [
            #"{"id":"a","index":0,"function":{"name":"add","arguments":"[1]"}}"#,
            #"{"id":"b","index":0,"function":{"name":"add","arguments":"[2]"}}"#,
        ],
        [
            #"{"id":"a","function":{"name":"add","arguments":"[1"}}"#, #"{"id":"a","function":{"arguments":"]"}}"#,
            #"{"id":"b","function":{"name":"add","arguments":"["}}"#, #"{"function":{"name":"","arguments":"2]"}}"#,
        ],
        // Indices as they should be, without ids, with empty ones, and with one for each piece, as vLLM once had it.
        [
            #"{"index":0,"function":{"name":"add","arguments":""}}"#, #"{"index":1,"function":{"name":"add"}}"#,
            #"{"index":0,"id":"","function":{"name":"","arguments":"[1]"}}"#,
            #"{"index":1,"id":null,"function":{"name":null,"arguments":"[2]"}}"#,
        ],
        [
            #"{"index":0,"id":"a","function":{"name":"add"}}"#, #"{"index":0,"id":"b","function":{"arguments":"[1"}}"#,
            #"{"index":0,"id":"c","function":{"arguments":"]"}}"#,
            #"{"index":1,"id":"d","function":{"name":"add"}}"#, #"{"index":1,"id":"e","function":{"arguments":"[2]"}}"#,
        ],
    ])
    func `a call ends where another id or name comes, or goes on with its index`(pieces: [String]) {
        let calls = Self.chat(Self.call("add", ["[1]"]) + Self.call("add", ["[2]"], index: 1))
        let same = Self.chat(pieces.map { #"{"tool_calls":[\#($0)]}"# })
        #expect(Self.compare(calls, same).differences == [])
        let joined = Self.chat(Self.call("add", ["[1][2]"]))
        #expect(Self.compare(joined, same).differences.map(\.field) == ["tool_calls[].name", "tool_calls[].arguments"])
    }

    private static func block(_ result: String) -> String {
        events([
            #"{"type":"content_block_start","content_block":{"type":"web_fetch_tool_result","content":\#(result)}}"#,
            #"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
            #"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hi"}}"#,
            #"{"type":"message_stop"}"#,
        ])
    }

    /// Of OpenAI's assistants.
    private static func thread(_ text: String, mark: String = "[DONE]") -> String {
        let content = #"[{"index":0,"type":"text","text":{"value":"\#(text)","annotations":[]}}]"#
        return events([#"{"object":"thread.message.delta","delta":{"content":\#(content)}}"#, mark])
    }

    private static let page = #"{"type":"web_fetch_result","url":"u","content":{"type":"document","title":"A"}}"#

    @Test(arguments: [
        (block(page), block(page.replacing("A", with: "B")), [".content[].content.title"]),
        (block("[\(page)]"), block("[\(page),\(page)]"), [".content[]"]),
        (block(page), block(#""A""#), ["text", ".content[]"]),
        (thread("A"), thread("B"), ["[].delta.content[].text.value"]),
        (
            chat([#"{"content":[{"type":"text","text":{"value":"A"}}]}"#]),
            chat([#"{"content":[{"type":"text","text":{"value":"B"}}]}"#]), [".content[].text.value"]
        ),
        (
            chat([#"{"content":[{"text":"A"},{"type":"reference","reference_ids":[1]}]}"#]),
            chat([#"{"content":[{"text":"B"},{"type":"reference","reference_ids":[2]}]}"#]),
            ["text", ".content[].reference_ids[]"]
        ),
    ])
    func `objects where text stands are compared field by field`(one: String, other: String, fields: [String]) {
        #expect(Self.compare(one, other).differences.map(\.field) == fields)
        #expect(Self.compare(other, one).differences.map(\.field) == fields)
        #expect(Self.compare(one, one + ": done\n").differences == [])
        #expect(Self.compare(one, other, AnswerComparer(ignored: ["content", "text"])).isAgreed)
    }

    @Test func `how alike they are tells of all that differs`() {
        let (one, other) = (Self.chat([Self.hello]), Self.chat([Self.hello], finish: "length"))
        #expect(Self.compare(one, other).similarity == 0.5 && Self.compare(one, one + "\n").similarity == 1)
    }

    @Test func `what a stream says can be left out by its name`() {
        let (one, other) = (Self.chat([Self.hello]), Self.chat([Self.hello], finish: "length", mark: []))
        let left = Self.compare(one, other, AnswerComparer(ignored: ["finish_reason"]))
        #expect(left.differences.map(\.field) == ["end"])
        let calls = (Self.chat(Self.call("add", ["[1]"])), Self.chat(Self.call("sub", ["[2]"])))
        #expect(Self.compare(calls.0, calls.1, AnswerComparer(ignored: ["tool_calls"])).isAgreed)
        let names = Self.compare(calls.0, calls.1, AnswerComparer(ignored: ["arguments"]))
        #expect(names.differences.map(\.field) == ["tool_calls[].name"])
    }

    @Test func `of a stream of which only the beginning was kept nothing is missed that may have come`() {
        let whole = Self.chat([Self.hello, #"{"content":" world"}"#] + Self.call("add", ["[1]"]))
        let kept = Self.chat([Self.hello, #"{"content":" wor"}"#], finish: nil, mark: [])
        #expect(Self.compare(whole, kept + "data: {\"choi", isCut: true).isAgreed)
        let other = Self.compare(whole, kept.replacing("wor", with: "moon"), isCut: true)
        #expect(other.differences.map(\.field) == ["text"])
    }

    @Test func `what a whole stream lacks is a difference, whatever the other one lost when it was cut`() {
        let long = Self.chat([#"{"content":"Hello, world"}"#], finish: nil, mark: [])
        #expect(Self.compare(Self.chat([#"{"content":"Hello, world, and more"}"#]), long, isCut: true).isAgreed)
        for whole in [Self.events(["[DONE]"]), Self.chat([#"{"content":"Hello"}"#])] {
            #expect(Self.compare(whole, long, isCut: true).differences.map(\.field) == ["text"])
        }
        let failed = Self.events([#"{"error":{"message":"busy"}}"#])
        #expect(Self.compare(failed, long, isCut: true).differences.map(\.field) == ["text"])
    }

    @Test func `of objects that were cut off nothing is missed`() {
        let (one, two) = (Self.block(Self.page), Self.block("[\(Self.page),\(Self.page)]"))
        #expect(Self.compare(two, one, isCut: true).isAgreed && !Self.compare(one, two, isCut: true).isAgreed)
    }

    @Test func `events whose text is not known are compared one by one`() {
        func stream(_ text: String) -> String {
            Self.events([#"{"type":"content-delta","delta":{"message":{"content":{"text":"\#(text)"}}}}"#])
        }
        #expect(Self.compare(stream("A"), stream("A")).isAgreed)
        #expect(!Self.compare(stream("A"), stream("B")).isAgreed)
    }
}
