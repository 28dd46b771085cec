import GatewayCore
import Testing

@testable import GatewayStore

/// Texts that need not be searched for credentials: they are those in which none would be found.
@Suite struct CredentialPrefilterTests {
    private static func mayMatch(_ text: [UInt8]) -> Bool { CredentialPrefilter.mayMatch(text.span) }

    private static func isFound(_ text: [UInt8]) throws -> Bool {
        try !TextPatterns.credentialExpression.ranges(in: text).isEmpty
    }

    /// One for each thing that the expression looks for, and each name of it.
    private static let credentials: [String] = {
        let token = "Zm9vYmFyMTIzNDU2"
        let named = CredentialNames.text.flatMap { name in
            ["=", ":", #"" : ""#, #"\": \""#, "%3D", #"\u003d"#, #"\\\\\\\": \\\\\\\""#, "'    =    '"].map {
                "\(name)\($0)\(token)"
            }
        }
        let pairs = CredentialNames.query.flatMap { name in
            [
                "?\(name)=v", "&\(name)%3dv", "%26\(name)%3Dv", #"\u0026\#(name)\u003dv"#,
                #";\#(name)\\\\u003dv"#,
            ]
        }
        return named + pairs + [
            "ghp_\(token)abcd", "ghk_\(token)abcd", "gha_\(token)_-cd", "sk-\(token)", "AKIAABCDEFGHIJKLMNOP",
            "eyJhbGci.eyJzd.", "eyJhbGciOi.eyJzdWIi.c2ln", "Bearer \(token)", "basic \t\n\(token)==",
            "BASIC\u{0B}\(token)", "hf_\(token)abcd", "npm_\(token)abcd", "AIza\(token)\(token)", "glpat-\(token)",
            "xoxb-\(token)", "<password>v</password>", "<a:db_secret>v</a:db_secret>", "Authorization: Basic dXNl",
            #""authorization" = "token v"#,
            "-----BEGIN RSA PRIVATE KEY-----MIIE", "--------BEGIN PRIVATE KEY-----", "https://me:pass@host/",
        ]
    }()

    @Test(arguments: credentials)
    func `what is found is never passed over, in letters of either case and wherever it stands`(text: String) throws {
        #expect(try Self.isFound(Array(text.utf8)), "this is no credential")
        for spelled in [text, text.uppercased(), text.replacing("k", with: "\u{212A}").replacing("s", with: "\u{17F}")]
        {
            for before in ["", " ", "and so it goes on, ", #"{"content":""#] {
                for after in ["", " ", #"", "more": "of it"}"#] {
                    let text = Array((before + spelled + after).utf8)
                    #expect(try !Self.isFound(text) || Self.mayMatch(text), "\(before)\(spelled)\(after)")
                }
            }
        }
    }

    @Test func `nor is it when texts are put together and changed at random`() throws {
        var chance = Seeded(state: 11)
        let glue = ["", " ", "=", ":", "\"", "\\", "%3d", "?", "&", "\n", "sk-", "eyJ", "word ", "é", "\u{212A}ey"]
        var found = 0
        for _ in 0..<20_000 {
            var text: [UInt8] = []
            for _ in 0..<Int.random(in: 1...4, using: &chance) {
                text += Array(Self.credentials.randomElement(using: &chance)!.utf8)
                text += Array(glue.randomElement(using: &chance)!.utf8)
            }
            for _ in 0..<Int.random(in: 1...12, using: &chance) where !text.isEmpty {
                let place = Int.random(in: 0..<text.count, using: &chance)
                if Bool.random(using: &chance) {
                    text.remove(at: place)
                } else {
                    text[place] = Array("=: @-_kKeyJ\\\u{0}\u{80}\u{FF}".utf8).randomElement(using: &chance)!
                }
            }
            guard try Self.isFound(text) else { continue }
            found += 1
            #expect(Self.mayMatch(text), "\(String(decoding: text, as: UTF8.self))")
        }
        #expect(found > 5_000)
    }

    @Test(arguments: [
        #"{"messages":[{"role":"user","content":"What is the capital of France?"}],"max_tokens":16,"temperature":0.7}"#,
        #"""
        {"id":"chatcmpl-9f8a7b6c5d4e3f2a1b0c","object":"chat.completion","created":1700000000,"model":"a-model-2024-08-06",
        "choices":[{"index":0,"message":{"role":"assistant","content":"Paris; it lies on the river Seine."}}],
        "usage":{"prompt_tokens":14,"completion_tokens":9,"total_tokens":23},"system_fingerprint":"fp_0123456789abcdef"}
        """#,
        "application/json", "gzip, deflate, br", "openai-python/1.99 (linux; x86_64)", "Mon, 30 Nov 2026 12:00:00 GMT",
        "",
    ])
    func `everyday texts are passed over`(text: String) {
        #expect(!Self.mayMatch(Array(text.utf8)))
    }

    @Test(arguments: [
        (RedactionRule.Pattern.email, "a@b.cd", "[email]"), (.card, "4111 1111 1111 1111", "[card]"),
        (.card, "4222222222222", "[card]"), (.phone, "+1234567", "[phone]"), (.phone, "12 345 67", "[phone]"),
    ])
    func `the shortest of each kind is found`(kind: RedactionRule.Pattern, text: String, kept: String) {
        #expect(TextPatterns(RedactionRule(patterns: [kind])).redact(text) == kept)
    }
}
