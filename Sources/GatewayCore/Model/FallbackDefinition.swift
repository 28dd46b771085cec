/// Where an endpoint's requests go when the deployment that should answer cannot.
package struct FallbackDefinition: Sendable, Equatable {
    /// What a list without statuses means: the backend, or a proxy before it, says that it did not answer.
    package static let defaultStatuses = [429, 502, 503, 504]

    /// Names of the endpoint's deployments, in the order in which they are tried.
    package var deployments: [String]
    /// Answers of a backend in whose place the next deployment is asked.
    package var statuses: [Int]
    /// Whether a deployment of another model may answer.
    package var allowsOtherModel: Bool

    package init(
        _ deployments: [String],
        statuses: [Int] = FallbackDefinition.defaultStatuses,
        allowsOtherModel: Bool = false
    ) {
        self.deployments = deployments
        self.statuses = statuses
        self.allowsOtherModel = allowsOtherModel
    }
}
