#if Llama
    import GatewayAPI
    import Testing

    @testable import Llama

    @Suite struct GrammarTests {
        private func reason(_ format: AnswerFormat) -> String? {
            do throws(EngineFailure) {
                _ = try Grammar.make(format)
                return nil
            } catch {
                return error.message
            }
        }

        private func schema(_ text: String, isStrict: Bool = false) -> String? {
            reason(.jsonSchema(text, isStrict: isStrict))
        }

        @Test(arguments: [
            ("", "no rule 'root'"), ("root ::= x", "no rule for 'x'"), ("x ::= \"a\"", "no rule 'root'"),
            ("root ::= \"a", "unexpected end"), ("root = \"a\"", "expecting ::="), ("root ::= (\"a\"", "expecting ')'"),
            ("root ::= root \"a\" | \"b\"", "left recursion"),
            ("root ::= e root | \"b\"\ne ::= \"\" | \"c\"", "left recursion"),
            ("root ::= <[5]>", "names tokens"), ("root ::= \"a\"{5,3}", "must not be above"),
            ("root ::= \"a\"{3000}", "too long"), ("root ::= \"a\"{1,3000}", "too long"), ("root ::= *", "preceding"),
            ("root ::= \"a\u{0}b\"", "U+0000"),
        ])
        func `a grammar that cannot be used is refused with the reason`(text: String, part: String) {
            let told = reason(.grammar(text))
            #expect(told?.contains(part) == true, "\(told ?? "taken")")
        }

        @Test func `left recursion is found in what looks twice at each rule, at once`() {
            // Each rule begins with the next one in two ways: looked at one after the other that would be 2^40.
            let rules = (0..<40).map { "r\($0) ::= r\($0 + 1) \"x\" | r\($0 + 1) \"y\"" }.joined(separator: "\n")
            let began = ContinuousClock.now
            #expect(reason(.grammar("root ::= r0\n\(rules)\nr40 ::= \"z\"")) == nil)
            #expect(reason(.grammar("root ::= r0\n\(rules)\nr40 ::= r0")) != nil)
            #expect(began.duration(to: .now) < .seconds(5))
        }

        @Test func `what would make the reader take everything is refused at once`() {
            let began = ContinuousClock.now
            let brackets = "root ::= " + String(repeating: "(", count: 50_000)
            #expect(reason(.grammar(brackets))?.contains("nested too deeply") == true)
            let literal = String(repeating: "a", count: 30_000)
            #expect(reason(.grammar("root ::= \"\(literal)\"{2000}"))?.contains("too long") == true)
            // What was repeated is repeated as a whole, also over the end of a line.
            for tail in ["{1}{2000}", "{40}{50}", "+{2000}"] {
                #expect(reason(.grammar("root ::= \"\(literal)\"\(tail)"))?.contains("too long") == true)
            }
            #expect(reason(.grammar("root ::= ( \"\(literal)\"\n{2000} )"))?.contains("too long") == true)
            let usual = "root ::= [0-9]{4} \"-\" [0-9]{2} \"-\" [0-9]{2} (\" \" [0-9]{2}){1,3}"
            #expect(reason(.grammar(usual)) == nil)
            #expect(reason(.grammar(String(repeating: " ", count: 300_000)))?.contains("longer than") == true)
            let deep =
                String(repeating: #"{"type":"array","items":"#, count: 400) + "{}" + String(repeating: "}", count: 400)
            #expect(schema(deep)?.contains("levels deep") == true)
            let wide = (0..<800).map { #""p\#($0)":{"type":"null"}"# }.joined(separator: ",")
            #expect(schema(#"{"type":"object","properties":{\#(wide)}}"#)?.contains("left out") == true)
            let types = #"["object","array","string","number","boolean","null"]"#
            let many =
                String(repeating: #"{"type":\#(types),"properties":{"a":"#, count: 12) + "{}"
                + String(repeating: "}}", count: 12)
            #expect(schema(many)?.contains("too large") == true)
            #expect(began.duration(to: .now) < .seconds(5))
        }

        @Test(arguments: [
            ("{", "parse"), (#"{"type":"thing"}"#, "unrecognized type"), (#"{"enum":[]}"#, "enum"),
            (##"{"$ref":"https://example.org/x"}"##, "$ref"), (##"{"$ref":"#/$defs/a"}"##, "cannot resolve"),
            (##"{"$defs":{"a":{"$ref":"#/$defs/a"}},"allOf":[{"$ref":"#/$defs/a"}]}"##, "nothing but itself"),
            (#"{"type":"array","items":{},"minItems":3,"maxItems":2}"#, "in order"),
            (#"{"type":"array","items":{"type":"null"},"maxItems":5000}"#, "at most 2000"),
            (#"{"type":"integer","minimum":5,"maximum":2}"#, "between its bounds"),
            (#"{"type":"string","pattern":"^(?=a)b$"}"#, "pattern"), (#"{"type":"string","pattern":"a+"}"#, "pattern"),
        ])
        func `a schema that cannot be used is refused with the reason`(text: String, part: String) {
            let told = schema(text)
            #expect(told?.contains(part) == true, "\(told ?? "taken")")
        }

        @Test(arguments: [
            (#"{"type":"number","minimum":1}"#, "'minimum'"), (#"{"type":"string","format":"email"}"#, "'format'"),
            (#"{"type":"array","items":{},"uniqueItems":true}"#, "'uniqueItems'"), (#"{"not":{}}"#, "'not'"),
            (#"{"anyOf":[{"type":"null"}],"properties":{}}"#, "beside 'anyOf'"),
        ])
        func `a strict schema may only say what is held to`(text: String, part: String) {
            #expect(schema(text) == nil)
            let told = schema(text, isStrict: true)
            #expect(told?.contains(part) == true, "\(told ?? "taken")")
        }

        @Test func `what libraries make of their types is a strict schema`() {
            let text = """
                {"$defs":{"Step":{"properties":{"note":{"title":"Note","type":"string"},"size":{"anyOf":[{"type":"integer"},
                {"type":"null"}]}},"required":["note","size"],"title":"Step","type":"object","additionalProperties":false}},
                "properties":{"steps":{"items":{"$ref":"#/$defs/Step"},"title":"Steps","type":"array","maxItems":3},
                "kind":{"enum":["a","b"],"type":"string","description":"x"}},"required":["steps","kind"],"title":"Plan",
                "type":"object","additionalProperties":false}
                """
            #expect(schema(text, isStrict: true) == nil)
        }
    }
#endif
