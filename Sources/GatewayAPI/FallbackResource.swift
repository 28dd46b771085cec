/// Where an endpoint's requests go when the deployment that should answer cannot.
package struct FallbackResource: Codable, Sendable, Equatable {
    /// Names of the endpoint's deployments, in the order in which they are tried.
    package var to: [String]
    /// Left out: 429, 502, 503 and 504.
    package var statuses: [Int]?
    /// Whether a deployment of another model may answer.
    package var allowOtherModel: Bool

    package init(to: [String], statuses: [Int]? = nil, allowOtherModel: Bool = false) {
        self.to = to
        self.statuses = statuses
        self.allowOtherModel = allowOtherModel
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case to
        case statuses
        case allowOtherModel
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            to: try members.decode([String].self, forKey: .to),
            statuses: try members.value(.statuses),
            allowOtherModel: try members.value(.allowOtherModel, or: false)
        )
    }
}
