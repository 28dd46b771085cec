/// The name of any JSON field, known or not.
struct FieldName: CodingKey, Hashable {
    let stringValue: String
    let intValue: Int?

    init(_ name: String) {
        stringValue = name
        intValue = nil
    }

    init?(stringValue: String) {
        self.init(stringValue)
    }

    init?(intValue: Int) {
        stringValue = "\(intValue)"
        self.intValue = intValue
    }
}

/// The fields of one JSON object, read by name; a field that is `null` counts as absent, as the API's SDKs send it.
struct Fields {
    let container: KeyedDecodingContainer<FieldName>

    init(_ decoder: any Decoder) throws {
        container = try decoder.container(keyedBy: FieldName.self)
    }

    private init(_ container: KeyedDecodingContainer<FieldName>) {
        self.container = container
    }

    var names: [String] {
        container.allKeys.map(\.stringValue).sorted()
    }

    func has(_ name: String) -> Bool {
        let key = FieldName(name)
        guard container.contains(key) else { return false }
        return (try? container.decodeNil(forKey: key)) != true
    }

    func optional<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value? {
        try named(name) { try container.decodeIfPresent(type, forKey: FieldName(name)) }
    }

    func required<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        try named(name) { try container.decode(type, forKey: FieldName(name)) }
    }

    /// A number that does not fit its type is reported by the decoder in an error of its own, without its place.
    private func named<Value>(_ name: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error where !(error is DecodingError) && !(error is OpenAIRequestError) {
            throw OpenAIRequestError.invalid(full(name), "is out of range or not of the right type")
        }
    }

    func object(_ name: String) throws -> Fields {
        Fields(try container.nestedContainer(keyedBy: FieldName.self, forKey: FieldName(name)))
    }

    /// How many elements the array has; nil when the field is not an array.
    func arrayCount(_ name: String) -> Int? {
        (try? container.nestedUnkeyedContainer(forKey: FieldName(name)))?.count
    }

    func full(_ name: String) -> String {
        OpenAIFieldPath.join(container.codingPath, name)
    }
}

/// Writes a field's place as the API's own errors do: `messages[0].content`.
enum OpenAIFieldPath {
    static func join(_ path: [any CodingKey], _ name: String) -> String {
        var result = ""
        for key in path {
            if let index = key.intValue {
                result += "[\(index)]"
            } else {
                result += result.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        guard !name.isEmpty else { return result }
        return result.isEmpty ? name : "\(result).\(name)"
    }
}
