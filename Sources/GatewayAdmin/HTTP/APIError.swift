import GatewayAPI

/// Why an admin request is refused: the fact, and what to do about it.
package struct APIError: Error, Equatable, CustomStringConvertible {
    /// What kind of refusal it is; each has one status.
    enum Code: Sendable, Equatable {
        case unauthorized
        case forbidden
        case invalid
        case notFound
        case conflict
        case preconditionFailed
        case methodNotAllowed
        case tooLarge
        case unsupportedMediaType
        case rangeNotSatisfiable
        /// For so many seconds.
        case tooManyRequests(Int64)
        case failed

        /// The word in the body.
        var word: String {
            switch self {
            case .unauthorized: "Unauthorized"
            case .forbidden: "Forbidden"
            case .invalid: "InvalidRequest"
            case .notFound: "NotFound"
            case .conflict: "Conflict"
            case .preconditionFailed: "PreconditionFailed"
            case .methodNotAllowed: "MethodNotAllowed"
            case .tooLarge: "PayloadTooLarge"
            case .unsupportedMediaType: "UnsupportedMediaType"
            case .rangeNotSatisfiable: "InvalidRange"
            case .tooManyRequests: "TooManyRequests"
            case .failed: "InternalError"
            }
        }
    }

    var code: Code
    var message: String
    /// The resource or member that is meant.
    var target: String?
    var details: [APIErrorBody.Detail]?

    package var description: String { target.map { "\($0): \(message)" } ?? message }

    init(_ code: Code, _ message: String, target: String? = nil, details: [APIErrorBody.Detail]? = nil) {
        self.code = code
        self.message = message
        self.target = target
        self.details = details
    }
}
