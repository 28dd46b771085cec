import Foundation
import GatewayAPI

/// Why a command failed, as a person reads it on standard error.
struct ClientError: Error, Equatable, CustomStringConvertible {
    var message: String
    var details: [String] = []

    init(_ message: String, details: [String] = []) {
        self.message = message
        self.details = details
    }

    init(_ problem: APIErrorBody.Problem) {
        let lines = (problem.details ?? []).map { detail in
            detail.target.map { "\($0): \(detail.message)" } ?? detail.message
        }
        switch lines.count {
        case 0: message = Self.naming(problem.target, problem.message)
        case 1: message = lines[0]
        default:
            message = "\(lines.count) things are wrong, nothing was changed"
            details = lines
        }
    }

    /// A message that is about a member or a resource, with its name where it does not say it itself.
    private static func naming(_ target: String?, _ message: String) -> String {
        guard let target, !target.isEmpty else { return message }
        let marks = CharacterSet(charactersIn: ".,;:()\"")
        let words = message.split(separator: " ").map { $0.trimmingCharacters(in: marks) }
        // `must be 0 to 1` does not name `to`.
        let isNamed = target.count > 2 && words.contains(target)
        // `limits[0]: by must be address`, of `limits[0].by`.
        let isPlaced = message.firstIndex(of: ":").map { target.hasPrefix(message[..<$0]) } ?? false
        return isNamed || isPlaced ? message : "\(target): \(message)"
    }

    /// The same with the place in a file before each line that begins with a resource's path, and its member's name as the
    /// document spells it.
    func placed(by places: [String: DocumentPlace]) -> ClientError {
        func place(_ line: String) -> String {
            let end = line.firstIndex { $0 == "." || $0 == ":" } ?? line.endIndex
            guard let place = places[String(line[..<end])] else { return line }
            let (resource, field) = (line[..<end], line[end...].prefix { $0 != ":" })
            guard let key = place.key(of: String(field.dropFirst())) else { return "\(place): \(line)" }
            return "\(place.file):\(key.line): \(resource).\(key.name)\(line[field.endIndex...])"
        }
        return ClientError(place(message), details: details.map(place))
    }

    var description: String { ([message] + details.map { "  \($0)" }).joined(separator: "\n") }
}
