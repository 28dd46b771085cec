/// JSON schemas of wire types, found out by asking each type what it would decode: what is described is what is read.
///
/// Not safe to share: one is filled while one document is made.
final class SchemaBook {
    /// By name; what `#/components/schemas/` holds.
    private(set) var components: [String: JSONValue] = [:]

    /// A schema in place, or a reference to one of `components`.
    func schema(of type: any Decodable.Type) -> JSONValue {
        if let shaped = type as? any SchemaShaped.Type { return shaped.schema(in: self) }
        let name = Self.name(of: type)
        let reference: JSONValue = ["$ref": .text("#/components/schemas/\(name)")]
        guard components[name] == nil else { return reference }
        components[name] = [:]
        let recorder = SchemaRecorder(book: self)
        // A value made of nothing may be none that the type takes; what it has asked for is noted all the same.
        _ = try? type.init(from: recorder)
        let found = recorder.found.schema
        // A word or a number needs no name.
        guard case .object(let members) = found, members["properties"] != nil else {
            components[name] = nil
            return found
        }
        components[name] = found
        return reference
    }

    /// `DeploymentResource` is told as `Deployment`, `OperationResource.Step` as `OperationStep`, and a list of
    /// `LogLineResource` as `ResourceListLogLine`.
    private static func name(of type: any Decodable.Type) -> String {
        let parts = String(reflecting: type).split { ".<>".contains($0) }
        return parts.filter { $0 != parts.first }
            .map { part in part.hasSuffix("Resource") ? String(part.dropLast("Resource".count)) : String(part) }
            .joined()
    }
}

/// A type whose schema is known without asking it.
protocol SchemaShaped {
    /// A value to go on with where there is none.
    static var nothing: Self { get }

    static func schema(in book: SchemaBook) -> JSONValue
}

extension String: SchemaShaped {
    static let nothing = ""

    static func schema(in book: SchemaBook) -> JSONValue { ["type": "string"] }
}

extension Bool: SchemaShaped {
    static let nothing = false

    static func schema(in book: SchemaBook) -> JSONValue { ["type": "boolean"] }
}

extension Int: SchemaShaped {
    static let nothing = Int(0)

    static func schema(in book: SchemaBook) -> JSONValue { ["type": "integer", "format": "int64"] }
}

extension Int64: SchemaShaped {
    static let nothing = Int64(0)

    static func schema(in book: SchemaBook) -> JSONValue { Int.schema(in: book) }
}

extension Double: SchemaShaped {
    static let nothing = Double(0)

    static func schema(in book: SchemaBook) -> JSONValue { ["type": "number"] }
}

extension Optional: SchemaShaped where Wrapped: Decodable {
    static var nothing: Wrapped? { nil }

    static func schema(in book: SchemaBook) -> JSONValue { book.schema(of: Wrapped.self) }
}

extension Array: SchemaShaped where Element: Decodable {
    static var nothing: [Element] { [] }

    static func schema(in book: SchemaBook) -> JSONValue {
        ["type": "array", "items": book.schema(of: Element.self)]
    }
}

extension Dictionary: SchemaShaped where Key == String, Value: Decodable {
    static var nothing: [String: Value] { [:] }

    static func schema(in book: SchemaBook) -> JSONValue {
        ["type": "object", "additionalProperties": book.schema(of: Value.self)]
    }
}

extension JSONValue: SchemaShaped {
    static let nothing = JSONValue.object([:])

    static func schema(in book: SchemaBook) -> JSONValue { [:] }
}
