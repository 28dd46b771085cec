/// A decoder that has nothing to give, and notes what it was asked for.
struct SchemaRecorder: Decoder {
    /// What one value was asked for.
    final class Found {
        var properties: [String: JSONValue] = [:]
        var required: Set<String> = []
        /// Members that were asked whether they are there.
        var optional: Set<String> = []
        /// How often members were asked for: a type that looks at all of them first refuses those that it does not know.
        var containers = 0
        /// Of a value that is no object.
        var single: JSONValue?

        var schema: JSONValue {
            if let single { return single }
            var members: [String: JSONValue] = ["type": "object", "properties": .object(properties)]
            if !required.isEmpty { members["required"] = .list(required.sorted().map(JSONValue.text)) }
            if containers > 1 { members["additionalProperties"] = .flag(false) }
            return .object(members)
        }
    }

    let book: SchemaBook
    let found = Found()
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    init(book: SchemaBook) {
        self.book = book
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        found.containers += 1
        return KeyedDecodingContainer(RecordedMembers<Key>(recorder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Self.nothing }

    func singleValueContainer() -> any SingleValueDecodingContainer { RecordedValue(recorder: self) }

    /// A value of a type that is asked for by itself.
    fileprivate func value<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let shaped = type as? any SchemaShaped.Type, let empty = shaped.nothing as? Value { return empty }
        if let number = type as? any FixedWidthInteger.Type, let empty = number.init() as? Value { return empty }
        return try Value(from: SchemaRecorder(book: book))
    }

    fileprivate static let nothing = DecodingError.dataCorrupted(
        DecodingError.Context(codingPath: [], debugDescription: "there is nothing")
    )
}

/// The members of an object, as they are asked for.
private struct RecordedMembers<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let recorder: SchemaRecorder
    let codingPath: [any CodingKey] = []
    let allKeys: [Key] = []

    func contains(_ key: Key) -> Bool { true }

    func decodeNil(forKey key: Key) -> Bool {
        recorder.found.optional.insert(key.stringValue)
        return false
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        note(type, key, isRequired: true)
        return try recorder.value(type)
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) -> Value? {
        note(type, key, isRequired: false)
        return nil
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try noted(type, key) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try noted(type, key) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try noted(type, key) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try noted(type, key) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try noted(type, key) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try noted(type, key) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try noted(type, key) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try noted(type, key) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try noted(type, key) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try noted(type, key) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try noted(type, key) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try noted(type, key) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try noted(type, key) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try noted(type, key) }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) -> Bool? { optional(type, key) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) -> String? { optional(type, key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) -> Double? { optional(type, key) }
    func decodeIfPresent(_ type: Float.Type, forKey key: Key) -> Float? { optional(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) -> Int? { optional(type, key) }
    func decodeIfPresent(_ type: Int8.Type, forKey key: Key) -> Int8? { optional(type, key) }
    func decodeIfPresent(_ type: Int16.Type, forKey key: Key) -> Int16? { optional(type, key) }
    func decodeIfPresent(_ type: Int32.Type, forKey key: Key) -> Int32? { optional(type, key) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) -> Int64? { optional(type, key) }
    func decodeIfPresent(_ type: UInt.Type, forKey key: Key) -> UInt? { optional(type, key) }
    func decodeIfPresent(_ type: UInt8.Type, forKey key: Key) -> UInt8? { optional(type, key) }
    func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) -> UInt16? { optional(type, key) }
    func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) -> UInt32? { optional(type, key) }
    func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) -> UInt64? { optional(type, key) }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> { throw SchemaRecorder.nothing }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw SchemaRecorder.nothing }
    func superDecoder() throws -> any Decoder { throw SchemaRecorder.nothing }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw SchemaRecorder.nothing }

    private func noted<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value {
        note(type, key, isRequired: true)
        return try recorder.value(type)
    }

    private func optional<Value: Decodable>(_ type: Value.Type, _ key: Key) -> Value? {
        note(type, key, isRequired: false)
        return nil
    }

    private func note(_ type: any Decodable.Type, _ key: Key, isRequired: Bool) {
        recorder.found.properties[key.stringValue] = recorder.book.schema(of: type)
        if isRequired, !recorder.found.optional.contains(key.stringValue) {
            recorder.found.required.insert(key.stringValue)
        }
    }
}

/// A value that is no object, as it is asked for.
private struct RecordedValue: SingleValueDecodingContainer {
    let recorder: SchemaRecorder
    let codingPath: [any CodingKey] = []

    func decodeNil() -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        recorder.found.single = recorder.book.schema(of: type)
        return try recorder.value(type)
    }

    func decode(_ type: Bool.Type) throws -> Bool { try noted(type) }
    func decode(_ type: String.Type) throws -> String { try noted(type) }
    func decode(_ type: Double.Type) throws -> Double { try noted(type) }
    func decode(_ type: Float.Type) throws -> Float { try noted(type) }
    func decode(_ type: Int.Type) throws -> Int { try noted(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try noted(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try noted(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try noted(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try noted(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try noted(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try noted(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try noted(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try noted(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try noted(type) }

    private func noted<Value: Decodable>(_ type: Value.Type) throws -> Value {
        recorder.found.single = recorder.book.schema(of: type)
        return try recorder.value(type)
    }
}
