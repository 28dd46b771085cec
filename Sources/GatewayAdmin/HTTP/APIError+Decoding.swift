import Foundation
import GatewayAPI

extension APIError {
    /// What is wrong with a body, in words of JSON and not of the decoder's.
    init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context): self.init(context.codingPath + [key], "is required")
        case .typeMismatch(let type, let context): self.init(context.codingPath, "must be \(Self.word(for: type))")
        case .valueNotFound(let type, let context):
            self.init(context.codingPath, "is null, and must be \(Self.word(for: type))")
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            self.init(.invalid, "the body is not the JSON object that this URL takes: \(context.debugDescription)")
        case .dataCorrupted(let context): self.init(context.codingPath, context.debugDescription)
        @unknown default: self.init(.invalid, "the body cannot be read")
        }
    }

    /// The decoder calls a whole body no JSON, and names no place, where one of its numbers fits no whole member.
    ///
    /// - Returns: `nil` where that is not what is wrong.
    init?(unfitNumberIn body: Data) {
        guard let value = try? JSONDecoder().decode(ARMValue.self, from: body) else { return nil }
        let paths = value.brokenNumbers(at: "")
        guard let first = paths.first else { return nil }
        guard paths.count > 1 else {
            self.init(.invalid, "\(first): must be a whole number", target: first)
            return
        }
        let list = paths.prefix(Self.mostNamed).joined(separator: ", ")
        let more = paths.count > Self.mostNamed ? " and \(paths.count - Self.mostNamed) more" : ""
        self.init(.invalid, "one of these must be a whole number: \(list)\(more)")
    }

    private static let mostNamed = 5

    private init(_ path: [any CodingKey], _ reason: String) {
        let path = path.reduce("") { path, key in
            key.intValue.map { "\(path)[\($0)]" } ?? (path.isEmpty ? key.stringValue : "\(path).\(key.stringValue)")
        }
        guard !path.isEmpty else {
            self.init(.invalid, "the body \(reason)")
            return
        }
        self.init(.invalid, "\(path): \(reason)", target: path)
    }

    private static func word(for type: any Any.Type) -> String {
        switch type {
        case is String.Type: "text"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "a whole number"
        case is any FloatingPoint.Type: "a number"
        case is [Any].Type: "a list"
        case is [String: Any].Type: "an object"
        default: "of another kind"
        }
    }
}

extension ARMValue {
    /// Where numbers are that are not whole, or too large.
    fileprivate func brokenNumbers(at path: String) -> [String] {
        switch self {
        case .null, .bool, .integer, .string: []
        case .number(let number): Int(exactly: number) == nil ? [path] : []
        case .array(let list): list.enumerated().flatMap { $1.brokenNumbers(at: "\(path)[\($0)]") }
        case .object(let members):
            members.sorted { $0.key < $1.key }
                .flatMap { $0.value.brokenNumbers(at: path.isEmpty ? $0.key : "\(path).\($0.key)") }
        }
    }
}
