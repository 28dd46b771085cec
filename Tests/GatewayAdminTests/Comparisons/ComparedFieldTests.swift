import Testing

@testable import GatewayAdmin

/// What `ignore` and `compare` may name.
@Suite struct ComparedFieldTests {
    @Test(arguments: [
        "logprobs", ".choices[].logprobs", ".a", ".a[][].b", "$ref", "with space", ".matrix[]", "\"quoted\"",
    ])
    func `a name or a field is left out`(text: String) throws {
        try ComparedField.check(ignore: [text], compare: [])
    }

    @Test(arguments: [
        ("", "write a member's name"), (".", "write a member's name"), (".a..b", "write a member's name"),
        (".choices[0].message.content", "write .choices[].message.content,"), ("$.a[*].b", "write .a[].b,"),
        ("message.content", "write .message.content,"), ("choices[]", "write .choices[],"), (".a[", "such as .choices"),
    ])
    func `what names nothing is refused with what does`(text: String, words: String) {
        for (ignore, compare, target) in [([text], [], "ignore"), ([], [text], "compare")] {
            #expect {
                try ComparedField.check(ignore: ignore, compare: compare)
            } throws: {
                "\($0)".hasPrefix("\(target): \(text.debugDescription) names nothing; ") && "\($0)".contains(words)
            }
        }
    }

    @Test(arguments: [
        ["usage"], [".usage"], ["timing_ms"], [".timings.count"], [".choices[].elapsed"], ["usage", ".usage.seconds"],
    ])
    func `what is not compared by itself can be`(names: [String]) throws {
        try ComparedField.check(ignore: [], compare: names)
    }

    @Test(arguments: ["nosuch", ".choices[].text", ".usage.total_tokens"])
    func `what is compared anyway, or is in what is left out, is refused`(text: String) {
        #expect {
            try ComparedField.check(ignore: [], compare: [text])
        } throws: {
            "\($0)".hasPrefix("compare: \(text.debugDescription) changes nothing: left out are id, created, ")
        }
    }
}
