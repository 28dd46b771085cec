/// Any JSON value of Azure's dialect: what is kept and shown as it came, and answers whose members are not ours to name.
package enum ARMValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([ARMValue])
    case object([String: ARMValue])
}

/// Reading.
extension ARMValue {
    /// A member of an object; `nil` also where it is null.
    package subscript(_ member: String) -> ARMValue? {
        guard case .object(let members) = self, let value = members[member], value != .null else { return nil }
        return value
    }

    package var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    package var members: [String: ARMValue]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    package var list: [ARMValue]? {
        guard case .array(let list) = self else { return nil }
        return list
    }

    package var isTrue: Bool { self == .bool(true) }

    /// A whole number, also where it is written as `90.0` or `"90"`.
    package var whole: Int? {
        switch self {
        case .integer(let value): Int(exactly: value)
        case .number(let value): Int(exactly: value)
        case .string(let text): Int(text)
        case .null, .bool, .array, .object: nil
        }
    }

    /// A scalar as text: tags from YAML may be numbers or words like `true`.
    package var scalarText: String? {
        switch self {
        case .string(let text): text
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .bool(let value): value ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}

extension ARMValue {
    /// An object without the members that have no value.
    package static func members(_ members: [String: ARMValue?]) -> ARMValue {
        .object(members.compactMapValues(\.self))
    }

    /// An object of texts.
    package static func texts(_ texts: [String: String]) -> ARMValue { .object(texts.mapValues(ARMValue.string)) }

    /// Puts a member into an object, or takes it out with `nil`; what is no object stays as it is.
    package mutating func set(_ member: String, _ value: ARMValue?) {
        guard case .object(var members) = self else { return }
        members[member] = value
        self = .object(members)
    }
}

extension ARMValue: Codable {
    package init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let found = try? value.decode(Bool.self) {
            self = .bool(found)
        } else if let found = try? value.decode(Int64.self) {
            self = .integer(found)
        } else if let found = try? value.decode(Double.self) {
            self = .number(found)
        } else if let found = try? value.decode(String.self) {
            self = .string(found)
        } else if let found = try? value.decode([ARMValue].self) {
            self = .array(found)
        } else {
            self = .object(try value.decode([String: ARMValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .null: try value.encodeNil()
        case .bool(let found): try value.encode(found)
        case .integer(let found): try value.encode(found)
        case .number(let found): try value.encode(found)
        case .string(let found): try value.encode(found)
        case .array(let found): try value.encode(found)
        case .object(let found): try value.encode(found)
        }
    }
}

extension ARMValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(arrayLiteral elements: ARMValue...) { self = .array(elements) }

    package init(dictionaryLiteral elements: (String, ARMValue)...) {
        self = .object(Dictionary(elements) { first, _ in first })
    }
}
