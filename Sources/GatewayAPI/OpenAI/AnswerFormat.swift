/// What form the answer must have.
package enum AnswerFormat: Equatable, Sendable {
    case text
    case jsonObject
    /// The schema as JSON text, as the caller wrote it: a model writes members in the order in which a schema has them,
    /// and a decoded object has none.
    case jsonSchema(String, isStrict: Bool)
    /// GBNF, from llama.cpp's own field `grammar`.
    case grammar(String)

    init(_ fields: Fields, _ decoder: any Decoder) throws {
        let grammar = try fields.optional("grammar", as: String.self) ?? ""
        guard fields.has("response_format") else {
            self = grammar.isEmpty ? .text : .grammar(grammar)
            return
        }
        let format = try fields.object("response_format")
        self = try Self.read(format, decoder)
        guard self == .text || grammar.isEmpty else {
            throw OpenAIRequestError.invalid("grammar", "cannot be given together with a 'response_format'")
        }
        if self == .text, !grammar.isEmpty { self = .grammar(grammar) }
    }

    private static func read(_ format: Fields, _ decoder: any Decoder) throws -> AnswerFormat {
        let type = try format.required("type", as: String.self)
        switch type {
        case "text", "json_object":
            try FieldRules(read: ["type"], neutral: [:]).check(format)
            return type == "text" ? .text : .jsonObject
        case "json_schema":
            try FieldRules(read: ["type", "json_schema"], neutral: [:]).check(format)
            return try schema(try format.object("json_schema"), decoder)
        default:
            throw OpenAIRequestError.invalid(format.full("type"), "must be one of text, json_object, json_schema")
        }
    }

    private static func schema(_ fields: Fields, _ decoder: any Decoder) throws -> AnswerFormat {
        try FieldRules(read: ["name", "description", "schema", "strict"], neutral: [:]).check(fields)
        let name = try fields.required("name", as: String.self)
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(isNameByte) else {
            throw OpenAIRequestError.invalid(fields.full("name"), "must have 1 to 64 letters, digits, _ or -")
        }
        _ = try fields.optional("description", as: String.self)
        let isStrict = try fields.optional("strict", as: Bool.self) ?? false
        guard fields.has("schema") else { throw OpenAIRequestError.invalid(fields.full("schema"), "is required") }
        guard let body = CodingUserInfoKey.openAIBody.flatMap({ decoder.userInfo[$0] }) as? [UInt8],
            let range = JSONText.value(at: ["response_format", "json_schema", "schema"], in: body),
            body[range.lowerBound] == UInt8(ascii: "{")
        else { throw OpenAIRequestError.invalid(fields.full("schema"), "must be an object") }
        return .jsonSchema(String(decoding: body[range], as: UTF8.self), isStrict: isStrict)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
