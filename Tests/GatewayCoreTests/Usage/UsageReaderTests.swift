import GatewayCore
import Testing

@Suite struct UsageReaderTests {
    private func usage(_ pieces: [ArraySlice<UInt8>]) -> TokenUsage? {
        var reader = UsageReader()
        for piece in pieces { reader.read(piece.span) }
        return reader.usage
    }

    private func usage(_ text: String) -> TokenUsage? { usage([Array(text.utf8)[...]]) }

    @Test(arguments: [
        (
            #"{"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":34,"total_tokens":46}}"#,
            TokenUsage(prompt: 12, completion: 34)
        ),
        (#"{"usage" : { "input_tokens" : 5 , "output_tokens" : 6 } }"#, TokenUsage(prompt: 5, completion: 6)),
        (#"{"usage":{"prompt_tokens":7,"total_tokens":7}}"#, TokenUsage(prompt: 7)),
        (
            #"{"a":{"usage":{"prompt_tokens":1}},"usage":{"prompt_tokens":2,"completion_tokens":3}}"#,
            TokenUsage(prompt: 2, completion: 3)
        ),
        (#"{"a":"\"usage\":{","b":["usage",{"prompt_tokens":9}],"usage":{"prompt_tokens":2}}"#, TokenUsage(prompt: 2)),
        (
            #"{"usage":{"details":{"prompt_tokens":9},"prompt_tokens":2,"completion_tokens":3}}"#,
            TokenUsage(prompt: 2, completion: 3)
        ),
        (#"{"object":"usage","x":{"prompt_tokens":9},"usage":{"completion_tokens":1}}"#, TokenUsage(completion: 1)),
    ])
    func `the tokens of the top-level usage are read, cut anywhere`(text: String, expected: TokenUsage) {
        let bytes = Array(text.utf8)
        #expect(usage(bytes.indices.map { bytes[$0...$0] }) == expected)
        for cut in bytes.indices { #expect(usage([bytes[..<cut], bytes[cut...]]) == expected, "cut at \(cut)") }
    }

    @Test(arguments: [
        "", "{}", #"{"usage":null}"#, #"{"usage":[{"prompt_tokens":1}]}"#, #"{"usage":"prompt_tokens"}"#,
        #"{"usage":{}}"#,
        #"{"usage":{"prompt_tokens":"1"}}"#, #"{"a":{"usage":{"prompt_tokens":1}}}"#,
        #"[{"usage":{"prompt_tokens":1}}]"#,
        #"{"usages":{"prompt_tokens":1}}"#, #"{"usag":{"prompt_tokens":1}}"#, #"{"usage":{"prompt_tokens":1"#, "}}}}]",
        "plain text",
    ])
    func `an answer without usage has none`(text: String) {
        #expect(usage(text) == nil)
    }

    @Test func `an endless usage is held only so far`() {
        var reader = UsageReader()
        reader.read(Array(#"{"usage":{"prompt_tokens":3,"x":""#.utf8).span)
        let filler = [UInt8](repeating: 0x61, count: 10_000)
        for _ in 0..<100 { reader.read(filler.span) }
        reader.read(Array(#"","completion_tokens":4}}"#.utf8).span)
        #expect(reader.usage?.prompt == 3)
    }

    @Test func `later numbers replace earlier ones and what is missing stays`() {
        var usage = TokenUsage(prompt: 1, completion: 2)
        usage.merge(TokenUsage(completion: 5))
        #expect(usage == TokenUsage(prompt: 1, completion: 5))
    }
}
