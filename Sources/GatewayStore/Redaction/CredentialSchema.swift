import GatewayCore

/// A JSON Schema that a tool or an answer's form has under a credential's name: it tells what the credential looks like, and
/// only some of its members may bring one.
enum CredentialSchema {
    /// What a value is, where a schema is or may be around it.
    enum Place {
        /// Nothing of the kind.
        case other
        /// An object that has a schema for each of its names.
        case properties
        /// A credential's schema, or a list of such.
        case schema
        /// The same as `properties`, within a credential's schema.
        case schemas
        /// What a schema tells, or a list of it.
        case told
        /// What may be the credential: each text and number of it.
        case credential

        /// Of what stands in a value of this kind.
        func opened(isArray: Bool) -> Place {
            switch self {
            case .other, .schema, .credential: self
            case .properties: isArray ? .other : self
            case .schemas: isArray ? .credential : self
            case .told: isArray ? self : .credential
            }
        }

        /// Whether a text or a number that stands here goes.
        var isSecret: Bool {
            switch self {
            case .other, .properties, .told: false
            case .schema, .schemas, .credential: true
            }
        }
    }

    private static let types: Set<String> = ["string", "number", "integer", "boolean", "object", "array", "null"]

    /// Whether a member has schemas by their names.
    static func areProperties(_ bytes: borrowing Span<UInt8>, _ name: Range<Int>) -> Bool {
        // By its length first: this is asked of every member of a body.
        switch name.count {
        case 5: JSONScan.matches(bytes, name, "$defs")
        case 10: JSONScan.matches(bytes, name, "properties")
        case 11: JSONScan.matches(bytes, name, "definitions")
        default: false
        }
    }

    /// Whether the value is an object that is evidently a schema; one that is not whole, or badly written, is none.
    static func stands(in bytes: borrowing Span<UInt8>, at start: Int) -> Bool {
        guard start < bytes.count, bytes[start] == UInt8(ascii: "{") else { return false }
        var isEvident = false
        let outcome = JSONScan.members(of: bytes, from: start) { member in
            let isEvidence =
                switch JSONScan.string(bytes, member.name) {
                case "type", "$ref": place(of: member.name, bytes, member.value.lowerBound) == .told
                case "anyOf", "oneOf", "allOf", "enum": bytes[member.value.lowerBound] == UInt8(ascii: "[")
                default: false
                }
            isEvident = isEvident || isEvidence
        }
        return isEvident && outcome == .complete
    }

    /// What a member of a credential's schema is: what is not known to tell of it only may be the credential.
    ///
    /// - Parameter value: where its value begins.
    static func place(of name: Range<Int>, _ bytes: borrowing Span<UInt8>, _ value: Int) -> Place {
        guard value < bytes.count else { return .credential }
        let first = bytes[value]
        let isTold: Bool
        switch JSONScan.string(bytes, name) {
        case "additionalProperties", "allOf", "anyOf", "items", "not", "oneOf", "prefixItems": return .schema
        case "$defs", "definitions", "patternProperties", "properties": return .schemas
        case "description", "format", "pattern", "title": isTold = first == UInt8(ascii: "\"")
        case "required": isTold = first == UInt8(ascii: "[")
        case "type": isTold = areTypes(bytes, value)
        case "$ref": isTold = isReference(bytes, value)
        case "exclusiveMaximum", "exclusiveMinimum", "maxItems", "maxLength", "maxProperties", "maximum", "minItems",
            "minLength", "minProperties", "minimum", "multipleOf":
            isTold = first == UInt8(ascii: "-") || (0x30...0x39).contains(first)
        default: isTold = false
        }
        return isTold ? .told : .credential
    }

    /// A type's name, as some write it in capitals, or a list of such and of nothing else.
    private static func areTypes(_ bytes: borrowing Span<UInt8>, _ start: Int) -> Bool {
        let words = spelled(bytes, start).split { "[\", \t\r\n]".contains($0) }
        return !words.isEmpty && words.allSatisfy { types.contains($0.lowercased()) }
    }

    private static func isReference(_ bytes: borrowing Span<UInt8>, _ start: Int) -> Bool {
        bytes[start] == UInt8(ascii: "\"") && spelled(bytes, start).contains("#/")
    }

    private static func spelled(_ bytes: borrowing Span<UInt8>, _ start: Int) -> String {
        JSONScan.string(bytes, start..<(JSONScan.endOfValue(bytes, start) ?? start))
    }
}
