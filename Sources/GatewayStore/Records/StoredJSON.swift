import Foundation

/// Small values that are kept as JSON text in one column, members sorted.
enum StoredJSON {
    static func text(_ value: some Encodable) throws(StoreError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let bytes = try? encoder.encode(value) else { throw .unavailable("a value cannot be written as JSON") }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func value<Value: Decodable>(_ type: Value.Type, _ text: String, place: String) throws(StoreError) -> Value {
        guard let value = try? JSONDecoder().decode(type, from: Data(text.utf8)) else {
            throw .unavailable("\(place) is damaged in the database")
        }
        return value
    }

    /// A header of an upstream, as it is stored.
    struct Header: Codable {
        let name: String
        let value: String
    }
}
