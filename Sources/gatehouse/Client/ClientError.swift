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
        case 0: message = problem.message
        case 1: message = lines[0]
        default:
            message = "\(lines.count) things are wrong, nothing was changed"
            details = lines
        }
    }

    /// The same with the place in a file before each line that begins with a resource's path.
    func placed(by places: [String: String]) -> ClientError {
        func place(_ line: String) -> String {
            let end = line.firstIndex { $0 == "." || $0 == ":" } ?? line.endIndex
            return places[String(line[..<end])].map { "\($0): \(line)" } ?? line
        }
        return ClientError(place(message), details: details.map(place))
    }

    var description: String { ([message] + details.map { "  \($0)" }).joined(separator: "\n") }
}
