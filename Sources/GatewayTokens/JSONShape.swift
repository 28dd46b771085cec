import Foundation

/// Looks over a JSON text before a decoder sees it: one object, few levels, and no member twice in one object.
///
/// Two members of one name are how a checker and a reader are made to see different things, and thousands of levels are
/// how a recursive reader is brought down (SECURITY J-6). Everything else of the syntax is left to the decoder.
struct JSONShape {
    private enum Level {
        case array
        case object
    }

    private static let deepest = 32
    /// Far more than any token, key set or discovery document has in one object.
    private static let mostMembers = 1000

    private let bytes: [UInt8]
    private var position = 0
    private var levels: [Level] = []
    /// The names seen in each open object; in place, for copying them at every member would take a square of the time.
    private var names: [Set<String>] = []
    private var expectsName = false

    /// Reads an object into a value; `nil` when the shape or the types are not as they should be.
    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) -> Value? {
        var shape = JSONShape(bytes: bytes)
        guard shape.isAcceptable() else { return nil }
        return try? JSONDecoder().decode(type, from: Data(bytes))
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private mutating func isAcceptable() -> Bool {
        guard String(validating: bytes, as: UTF8.self) != nil,
            bytes.first(where: { !Self.isBlank($0) }) == UInt8(ascii: "{")
        else { return false }
        while position < bytes.count {
            guard take(bytes[position]), levels.count <= Self.deepest else { return false }
            position += 1
        }
        return levels.isEmpty
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "{"):
            levels.append(.object)
            names.append([])
            expectsName = true
        case UInt8(ascii: "["):
            levels.append(.array)
            expectsName = false
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            expectsName = false
            guard let level = levels.popLast() else { return false }
            if case .object = level { names.removeLast() }
        case UInt8(ascii: ","):
            if case .object = levels.last { expectsName = true }
        case UInt8(ascii: "\""):
            return takeString()
        default:
            // A NUL would be the sign of another encoding, which the decoder would guess.
            return byte >= 0x20 || Self.isBlank(byte)
        }
        return true
    }

    /// Leaves `position` on the closing quotation mark.
    private mutating func takeString() -> Bool {
        let start = position
        var isEscaped = false
        position += 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            guard bytes[position] >= 0x20 else { return false }
            if bytes[position] == UInt8(ascii: "\\") {
                isEscaped = true
                position += 1
            }
            position += 1
        }
        guard position < bytes.count else { return false }
        guard expectsName, case .object = levels.last else { return true }
        expectsName = false
        let last = names.count - 1
        guard let name = Self.name(bytes[start...position], isEscaped: isEscaped),
            names[last].count < Self.mostMembers
        else { return false }
        return names[last].insert(name).inserted
    }

    private static func name(_ quoted: ArraySlice<UInt8>, isEscaped: Bool) -> String? {
        guard isEscaped else { return String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self) }
        return try? JSONDecoder().decode(String.self, from: Data(quoted))
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
    }
}
