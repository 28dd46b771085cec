// GatewayAPI owns the JSON that crosses a listener: names of members and their types, nothing else. It imports no other
// module of ours, decides nothing and reaches no socket.

extension Decoder {
    /// The members of an object; one that the type does not have is an error: a mistyped setting is never ignored.
    func members<Key: CodingKey & CaseIterable>(_ keys: Key.Type) throws -> KeyedDecodingContainer<Key> {
        let known = Set(keys.allCases.map(\.stringValue))
        let object = try container(keyedBy: AnyMember.self)
        if let stranger = object.allKeys.first(where: { !known.contains($0.stringValue) }) {
            throw DecodingError.dataCorruptedError(
                forKey: stranger,
                in: object,
                debugDescription: "unknown member, known are \(known.sorted().joined(separator: ", "))"
            )
        }
        return try container(keyedBy: keys)
    }
}

extension KeyedDecodingContainer {
    /// A member, or what stands for it when it is left out.
    func value<Value: Decodable>(_ key: Key, or standard: Value) throws -> Value {
        try decodeIfPresent(Value.self, forKey: key) ?? standard
    }

    /// A member that may be left out.
    func value<Value: Decodable>(_ key: Key) throws -> Value? {
        try decodeIfPresent(Value.self, forKey: key)
    }
}

/// Any name of a member, to see which ones a body has.
private struct AnyMember: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init?(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) {
        return nil
    }
}
