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

    var description: String { ([message] + details.map { "  \($0)" }).joined(separator: "\n") }
}
