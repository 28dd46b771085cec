/// Asks that the store match a set of documents, all or nothing.
package struct ApplyRequest: Codable, Sendable, Equatable {
    package var tenants: [TenantResource]
    package var endpoints: [EndpointResource]
    package var deployments: [DeploymentResource]
    package var keys: [NamedKeyResource]
    package var principals: [PrincipalResource]
    package var issuers: [IssuerResource]
    package var roles: [RoleResource]
    package var webhooks: [WebhookResource]
    /// Removes what the named tenants have and the documents do not name.
    package var prune: Bool
    /// Answers with the difference and changes nothing.
    package var dryRun: Bool

    package init(
        endpoints: [EndpointResource] = [],
        deployments: [DeploymentResource] = [],
        prune: Bool = false,
        dryRun: Bool = false
    ) {
        tenants = []
        self.endpoints = endpoints
        self.deployments = deployments
        keys = []
        principals = []
        issuers = []
        roles = []
        webhooks = []
        self.prune = prune
        self.dryRun = dryRun
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case tenants
        case endpoints
        case deployments
        case keys
        case principals
        case issuers
        case roles
        case webhooks
        case prune
        case dryRun
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            endpoints: try members.value(.endpoints, or: []),
            deployments: try members.value(.deployments, or: []),
            prune: try members.value(.prune, or: false),
            dryRun: try members.value(.dryRun, or: false)
        )
        tenants = try members.value(.tenants, or: [])
        keys = try members.value(.keys, or: [])
        principals = try members.value(.principals, or: [])
        issuers = try members.value(.issuers, or: [])
        roles = try members.value(.roles, or: [])
        webhooks = try members.value(.webhooks, or: [])
    }
}

/// What an apply changed, or would change.
package struct ApplyResult: Codable, Sendable, Equatable {
    /// One resource and what happened to it.
    package struct Change: Codable, Sendable, Equatable {
        /// `created`, `updated`, `deleted` or `unchanged`.
        package var action: String
        /// `tenant`, `tenant/endpoint`, `tenant/endpoint/deployment` or `tenant/keys/name` and so on.
        package var resource: String
        /// What differs, for an update.
        package var fields: [String]
        /// What was made with it and is shown only now: a key, a principal's client id and secret, a signing secret.
        package var secret: String?
        /// The client id of a principal that was made.
        package var clientId: String?

        package init(
            action: String,
            resource: String,
            fields: [String] = [],
            secret: String? = nil,
            clientId: String? = nil
        ) {
            self.action = action
            self.resource = resource
            self.fields = fields
            self.secret = secret
            self.clientId = clientId
        }
    }

    package var changes: [Change]
    package var dryRun: Bool
    /// The id of the operation that ends when every deployment of the documents is ready; none for a dry run.
    package var operation: String?

    package init(changes: [Change], dryRun: Bool, operation: String? = nil) {
        self.changes = changes
        self.dryRun = dryRun
        self.operation = operation
    }
}
