/// A JSON text as a tree; numbers are kept as they are written.
package indirect enum JSONTree: Sendable, Equatable {
    case object([Member])
    case list([JSONTree])
    case text(String)
    case number(String)
    /// `true`, `false` or `null`.
    case word(String)

    package struct Member: Sendable, Equatable {
        package var name: String
        package var value: JSONTree

        package init(name: String, value: JSONTree) {
            self.name = name
            self.value = value
        }
    }

    /// Reads a text.
    ///
    /// - Parameter mayBeCut: then what stands before the cut is read, without a value that it goes through.
    /// - Returns: `nil` for what is no JSON, or is nested deeper than 128.
    package static func read(_ bytes: [UInt8], mayBeCut: Bool = false) -> JSONTree? {
        var reader = JSONTreeReader(bytes: bytes)
        let tree = reader.value(depth: 0)
        if reader.isCut { return mayBeCut ? tree : nil }
        return reader.isAtEnd ? tree : nil
    }

    /// A member of an object; of several with one name the last.
    package subscript(name: String) -> JSONTree? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    package var elements: [JSONTree] { if case .list(let elements) = self { elements } else { [] } }

    package var string: String? { if case .text(let text) = self { text } else { nil } }

    /// As a person reads it; containers as how much is in them.
    var shown: String {
        switch self {
        case .object(let members): "{\(members.count) members}"
        case .list(let elements): "[\(elements.count) elements]"
        case .text(let text): text
        case .number(let text), .word(let text): text
        }
    }
}

/// The way through one text.
private struct JSONTreeReader {
    private static let deepest = 128

    let bytes: [UInt8]
    private var at = 0
    /// Whether the text ended within a value.
    private(set) var isCut = false

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { JSONScan.skipSpace(bytes.span, at) == bytes.count }

    /// `nil` when there is none here, or none whole.
    mutating func value(depth: Int) -> JSONTree? {
        guard depth < Self.deepest, let first = next() else { return nil }
        switch first {
        case UInt8(ascii: "{"): return object(depth)
        case UInt8(ascii: "["): return list(depth)
        case UInt8(ascii: "\""): return string().map { .text($0) }
        default: return scalar(depth)
        }
    }

    /// The next byte that is no space.
    private mutating func next() -> UInt8? {
        at = JSONScan.skipSpace(bytes.span, at)
        guard at < bytes.count else {
            isCut = true
            return nil
        }
        return bytes[at]
    }

    private mutating func object(_ depth: Int) -> JSONTree? {
        var members: [JSONTree.Member] = []
        let isGood = items(closing: UInt8(ascii: "}")) { reader in
            guard reader.next() == UInt8(ascii: "\""), let name = reader.string(),
                reader.next() == UInt8(ascii: ":")
            else { return false }
            reader.at += 1
            guard let value = reader.value(depth: depth + 1) else { return false }
            members.append(JSONTree.Member(name: name, value: value))
            return true
        }
        return isGood || isCut ? .object(members) : nil
    }

    private mutating func list(_ depth: Int) -> JSONTree? {
        var elements: [JSONTree] = []
        let isGood = items(closing: UInt8(ascii: "]")) { reader in
            guard let value = reader.value(depth: depth + 1) else { return false }
            elements.append(value)
            return true
        }
        return isGood || isCut ? .list(elements) : nil
    }

    /// What stands between commas up to a bracket.
    private mutating func items(closing bracket: UInt8, _ item: (inout Self) -> Bool) -> Bool {
        at += 1
        if next() == bracket {
            at += 1
            return true
        }
        while item(&self), !isCut, let byte = next() {
            at += 1
            if byte == bracket { return true }
            guard byte == UInt8(ascii: ",") else { return false }
        }
        return false
    }

    private mutating func string() -> String? {
        guard let end = JSONScan.endOfString(bytes.span, at) else {
            isCut = true
            return nil
        }
        defer { at = end }
        return JSONScan.string(bytes.span, at + 1..<end - 1)
    }

    private mutating func scalar(_ depth: Int) -> JSONTree? {
        let end = JSONScan.endOfValue(bytes.span, at) ?? bytes.count
        if end == bytes.count, depth > 0 {
            isCut = true
            return nil
        }
        let text = String(decoding: bytes[at..<end], as: UTF8.self)
        defer { at = end }
        if ["true", "false", "null"].contains(text) { return .word(text) }
        guard text.utf8.allSatisfy({ "+-.0123456789eE".utf8.contains($0) }) else { return nil }
        return Double(text).map { _ in .number(text) }
    }
}
