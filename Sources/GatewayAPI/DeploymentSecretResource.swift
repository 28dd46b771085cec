/// A secret of a deployment, without its value: that is in no answer.
package struct DeploymentSecretResource: Codable, Sendable, Equatable {
    package var name: String
    /// The deployment's headers that refer to it as `${secret:NAME}`.
    package var headers: [String]
    /// ISO 8601.
    package var changedAt: String

    package init(name: String, headers: [String], changedAt: String) {
        self.name = name
        self.headers = headers
        self.changedAt = changedAt
    }
}

/// Asks that a secret of a deployment have this value.
package struct DeploymentSecretRequest: Codable, Sendable, Equatable {
    package var value: String

    package init(value: String) {
        self.value = value
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case value
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(value: try members.decode(String.self, forKey: .value))
    }
}
