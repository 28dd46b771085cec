package import GatewayAPI

#if Llama
    import CLlama

    /// What an answer must look like, ready to be matched by any thread.
    ///
    /// Safe because the address is private, dies with its one owner, and nobody changes what it leads to. Swift makes every
    /// pointer non-Sendable; a number says that this one may be shared.
    @safe
    package final class Grammar: Sendable {
        private let bits: UInt

        fileprivate var pointer: OpaquePointer? { unsafe OpaquePointer(bitPattern: bits) }

        /// Nil where any text will do.
        package static func make(_ format: AnswerFormat) throws(EngineFailure) -> Grammar? {
            switch format {
            case .text: nil
            case .jsonObject: try Grammar(schema: #"{"type":"object"}"#, isStrict: false)
            case .jsonSchema(let schema, let isStrict): try Grammar(schema: schema, isStrict: isStrict)
            case .grammar(let text): try Grammar(text, field: "grammar")
            }
        }

        private convenience init(schema: String, isStrict: Bool) throws(EngineFailure) {
            let field = "response_format.json_schema.schema"
            var error: UnsafeMutablePointer<CChar>?
            let text = unsafe cllama_schema_grammar(schema, schema.utf8.count, isStrict, &error)
            guard let grammar = unsafe CText.take(text) else { throw .refusedField(field, unsafe CText.reason(error)) }
            try self.init(grammar, field: field)
        }

        private init(_ text: String, field: String) throws(EngineFailure) {
            guard !text.utf8.contains(0) else { throw .refusedField(field, "it contains the character U+0000") }
            var error: UnsafeMutablePointer<CChar>?
            guard let pointer = unsafe cllama_grammar_new(text, text.utf8.count, &error) else {
                throw .refusedField(field, unsafe CText.reason(error))
            }
            bits = UInt(bitPattern: pointer)
        }

        deinit { unsafe cllama_grammar_free(pointer) }
    }

    /// Where one answer is in its grammar; used from one thread only.
    ///
    /// Safe because the pointer is private and dies before what it borrows.
    @safe
    final class GrammarMatch {
        private let pointer: OpaquePointer
        private let grammar: Grammar
        private let vocabulary: TokenTree

        init(_ grammar: Grammar, _ vocabulary: TokenTree) throws(EngineFailure) {
            guard let pointer = unsafe cllama_match_new(grammar.pointer, vocabulary.pointer) else {
                throw .grammarTooAmbiguous
            }
            unsafe self.pointer = pointer
            self.grammar = grammar
            self.vocabulary = vocabulary
        }

        deinit { unsafe cllama_match_free(pointer) }

        func allows(_ token: Int32) throws(EngineFailure) -> Bool {
            try checked(Int64(unsafe cllama_match_allows(pointer, token))) > 0
        }

        /// Makes every token impossible that may not come next; false where none is left.
        func mask(_ tokens: inout [llama_token_data]) throws(EngineFailure) -> Bool {
            try checked(unsafe cllama_match_mask(pointer, &tokens, tokens.count)) > 0
        }

        func accept(_ token: Int32) throws(EngineFailure) {
            guard try checked(Int64(unsafe cllama_match_accept(pointer, token))) > 0 else { throw .grammarImpossible }
        }

        private func checked(_ result: Int64) throws(EngineFailure) -> Int64 {
            if result == Int64(CLLAMA_TOO_AMBIGUOUS) { throw .grammarTooAmbiguous }
            guard result >= 0 else { throw .decodeFailed(code: Int(result)) }
            return result
        }
    }

    /// The texts of a model's tokens, ordered for matching.
    ///
    /// Safe because the pointer never changes what it points to and dies with its one owner.
    @safe
    final class TokenTree {
        fileprivate let pointer: OpaquePointer

        init(_ vocabulary: OpaquePointer) throws(EngineFailure) {
            guard let pointer = unsafe cllama_vocabulary_new(vocabulary) else { throw .decodeFailed(code: -2) }
            unsafe self.pointer = pointer
        }

        deinit { unsafe cllama_vocabulary_free(pointer) }
    }

    /// Texts that the C interface gives away.
    enum CText {
        static func take(_ text: UnsafeMutablePointer<CChar>?) -> String? {
            guard let text = unsafe text else { return nil }
            defer { unsafe cllama_text_free(text) }
            return unsafe String(cString: text)
        }

        static func reason(_ text: UnsafeMutablePointer<CChar>?) -> String {
            unsafe take(text) ?? "it cannot be read"
        }
    }
#else
    /// What an answer must look like, which only a build with the engine can match.
    package struct Grammar: Sendable {
        package static func make(_ format: AnswerFormat) throws(EngineFailure) -> Grammar? {
            guard format == .text else { throw .notBuiltIn }
            return nil
        }
    }
#endif
