/// Asks that the store match a set of documents, all or nothing.
package struct ApplyRequest: Codable, Sendable, Equatable {
    package var endpoints: [EndpointResource]
    package var deployments: [DeploymentResource]
    /// Removes what the named tenants have and the documents do not name.
    package var prune: Bool
    /// Answers with the difference and changes nothing.
    package var dryRun: Bool

    package init(
        endpoints: [EndpointResource],
        deployments: [DeploymentResource],
        prune: Bool = false,
        dryRun: Bool = false
    ) {
        self.endpoints = endpoints
        self.deployments = deployments
        self.prune = prune
        self.dryRun = dryRun
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case endpoints
        case deployments
        case prune
        case dryRun
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            endpoints: try members.decodeIfPresent([EndpointResource].self, forKey: .endpoints) ?? [],
            deployments: try members.decodeIfPresent([DeploymentResource].self, forKey: .deployments) ?? [],
            prune: try members.decodeIfPresent(Bool.self, forKey: .prune) ?? false,
            dryRun: try members.decodeIfPresent(Bool.self, forKey: .dryRun) ?? false
        )
    }
}

/// What an apply changed, or would change.
package struct ApplyResult: Codable, Sendable, Equatable {
    /// One resource and what happened to it.
    package struct Change: Codable, Sendable, Equatable {
        /// `created`, `updated`, `deleted` or `unchanged`.
        package var action: String
        /// `tenant`, `tenant/endpoint` or `tenant/endpoint/deployment`.
        package var resource: String
        /// What differs, for an update.
        package var fields: [String]

        package init(action: String, resource: String, fields: [String] = []) {
            self.action = action
            self.resource = resource
            self.fields = fields
        }
    }

    package var changes: [Change]
    package var dryRun: Bool

    package init(changes: [Change], dryRun: Bool) {
        self.changes = changes
        self.dryRun = dryRun
    }
}
