/// Why the store did not do what was asked.
package enum StoreError: Error, Sendable, Equatable {
    /// The configuration would not be valid; every problem found, never empty.
    case invalid([Problem])
    case notFound(resource: String)
    /// Valid by itself, but not now: something else has to change first.
    case conflict(Problem)
    /// `If-Match` or `If-None-Match` does not hold.
    case preconditionFailed(resource: String, String)
    /// The author of a change may not do what it does.
    case forbidden(String)
    /// Too much of it is under way; for so many seconds.
    case busy(Int64)
    /// The database or a file beside it cannot be used.
    case unavailable(String)
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalid(let problems): problems.map(\.description).joined(separator: "\n")
        case .notFound(let resource): "\(resource) does not exist"
        case .conflict(let problem): problem.description
        case .preconditionFailed(let resource, let reason): "\(resource) \(reason)"
        case .forbidden(let reason): reason
        case .busy(let seconds): "too much is under way; wait \(seconds) s"
        case .unavailable(let message): message
        }
    }
}

/// One thing that is wrong with a configuration, and what to do about it.
package struct Problem: Error, Sendable, Hashable {
    /// What kind of thing, for programs.
    package enum Code: String, Sendable, CaseIterable {
        case addressRefused
        case alreadyExists
        case changedMeanwhile
        case duplicate
        case fileUnreadable
        case invalidAuthMode
        case invalidCORS
        case invalidExpiry
        case invalidHeader
        case invalidIssuer
        case invalidLimit
        case invalidMaintenance
        case invalidName
        case invalidOperator
        case invalidNetwork
        case invalidPrice
        case invalidQuota
        case invalidRole
        case invalidRotation
        case invalidRouting
        case invalidTraffic
        case invalidURL
        case invalidValue
        case invalidWebhook
        case modelNotRegistered
        case nameTaken
        case reservedName
        case secretRefused
        case secretUnreadable
        case tooMany
        case unknownDeployment
        case unknownEndpoint
        case unknownIssuer
        case unknownSecret
        case unknownTenant
        case unknownVersion
    }

    package var code: Code
    /// `demo`, `demo/chat` or `demo/chat/blue`.
    package var resource: String
    /// The member that is wrong, as the admin API names it; empty when it is the resource itself.
    package var field: String
    /// A sentence: what is wrong and what to do.
    package var message: String

    package init(_ code: Code, _ resource: String, field: String = "", _ message: String) {
        self.code = code
        self.resource = resource
        self.field = field
        self.message = message
    }
}

extension Problem: CustomStringConvertible {
    package var description: String {
        let place = [resource, field].filter { !$0.isEmpty }.joined(separator: ": ")
        return place.isEmpty ? message : "\(place): \(message)"
    }
}
