/// A compiled fallback: the endpoint's deployments that are asked in turn when another cannot answer.
package struct FallbackRule: Sendable {
    package let chain: [Deployment]
    package let statuses: Set<Int>

    package init(chain: [Deployment], statuses: Set<Int>) {
        self.chain = chain
        self.statuses = statuses
    }

    /// Whether it would do the same; deployments are compared by name, as each is compared by itself.
    package static func isSame(_ one: FallbackRule?, _ other: FallbackRule?) -> Bool {
        one?.chain.map(\.name) == other?.chain.map(\.name) && one?.statuses == other?.statuses
    }
}

/// Why another deployment answered than the one that should have; the header `x-gatehouse-fallback` says it.
package enum FallbackReason: Sendable, Equatable {
    case connectFailed
    case timedOut
    /// The backend closed the connection before it answered; only requests that may be repeated move then.
    case connectionLost
    case status(Int)
    case queueFull
    case noHealthyInstance
    /// The deployment's own limit or quota is used up.
    case quota

    package var word: String {
        switch self {
        case .connectFailed: "connect_failed"
        case .timedOut: "timeout"
        case .connectionLost: "connection_lost"
        case .status(let status): "status_\(status)"
        case .queueFull: "queue_full"
        case .noHealthyInstance: "no_healthy_instance"
        case .quota: "quota"
        }
    }

    /// Why a deployment that refused a request is not the end; `nil` when no other would do better.
    init?(_ refusal: Refusal) {
        switch refusal {
        case .notReady: self = .noHealthyInstance
        case .limited(let limited) where limited.isOfDeployment: self = .quota
        default: return nil
        }
    }
}
