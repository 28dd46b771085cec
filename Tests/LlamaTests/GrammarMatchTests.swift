#if Llama
    import CLlama
    import GatewayAPI
    import Testing

    @testable import Llama

    /// The engine has a matcher of its own, which is right where it does not end the process: ours must say the same.
    @Suite(.serialized, .enabled(if: testModelPath != nil, "GATEHOUSE_TEST_MODEL names a GGUF file"))
    struct GrammarMatchTests {
        private static let json = #"""
            root ::= "{" space (pair ("," space pair)*)? space "}"
            pair ::= string ":" space value
            value ::= string | "[" (value ("," value)*)? "]" | [0-9]+ | "true" | root
            string ::= "\"" ([^"\\\x7F\x00-\x1F] | [\\] ["\\bfnrt])* "\""
            space ::= " "?
            """#

        @Test(arguments: [
            (json, #"{"name": "Ada é 漢", "list": [1,22,"x"], "more": {"a\\b": true}}"#),
            ("root ::= (\"ab\" | \"a\" \"b\"? \"c\"){1,3} .* \"!\"", "abcac what ever é!"),
            ("root ::= [^a-y]+ \"\\n\" (\"x\" | root)?", "ZZ zz\nx"),
        ])
        func `the tokens that may come next are those of the engine's own matcher`(grammar: String, text: String) throws
        {
            _ = try Runtime.load(nil)
            let model = try Model(path: try #require(testModelPath), gpuLayers: 0)
            let made = try Grammar.make(.grammar(grammar))
            let ours = try GrammarMatch(try #require(made), try model.tokenTree())
            guard let theirs = unsafe llama_sampler_init_grammar(model.vocabulary, grammar, "root") else {
                Issue.record("the engine does not take this grammar")
                return
            }
            defer { unsafe llama_sampler_free(theirs) }
            // Theirs begins no character with a byte that leaves all of its value to the next ones.
            let plain = (0..<Int32(model.vocabularySize)).filter { token in
                let piece = model.piece(of: token)
                return model.isEnd(token) || !piece.isEmpty && piece.last != 0xE0 && piece.last != 0xF0
            }
            let tokens = try #require(model.tokens(of: text))
            for token in tokens {
                let open = try allowed(plain) { _ = try ours.mask(&$0) }
                let reference = try allowed(plain) { tokens in
                    unsafe tokens.withUnsafeMutableBufferPointer { buffer in
                        var array = unsafe llama_token_data_array(
                            data: buffer.baseAddress,
                            size: buffer.count,
                            selected: -1,
                            sorted: false
                        )
                        unsafe llama_sampler_apply(theirs, &array)
                    }
                }
                let only = open.symmetricDifference(reference).map {
                    "\(reference.contains($0)) \(model.piece(of: $0))"
                }
                #expect(only == [])
                #expect(open.contains(token))
                let single = try plain.prefix(2000).filter { try ours.allows($0) }
                #expect(Set(single) == open.intersection(plain.prefix(2000)))
                try ours.accept(token)
                unsafe llama_sampler_accept(theirs, token)
            }
            let last = try allowed(plain) { _ = try ours.mask(&$0) }
            #expect(last.contains { model.isEnd($0) })
        }

        private func allowed(_ tokens: [Int32], _ mask: (inout [llama_token_data]) throws -> Void) throws -> Set<Int32>
        {
            var data = tokens.map { llama_token_data(id: $0, logit: 0, p: 0) }
            try mask(&data)
            return Set(data.filter { $0.logit == 0 }.map(\.id))
        }

        @Test func `a token that may not come next is not gone on behind`() throws {
            _ = try Runtime.load(nil)
            let model = try Model(path: try #require(testModelPath), gpuLayers: 0)
            let grammar = try Grammar.make(.grammar("root ::= \"a\""))
            let match = try GrammarMatch(try #require(grammar), try model.tokenTree())
            let letter = try #require(model.tokens(of: "b")?.first)
            #expect(throws: EngineFailure.grammarImpossible) { try match.accept(letter) }
            #expect(throws: EngineFailure.grammarImpossible) { try match.accept(-1) }
            #expect(throws: EngineFailure.grammarImpossible) { try match.accept(2_000_000) }
        }
    }
#endif
