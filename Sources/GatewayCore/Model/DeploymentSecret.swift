/// A value that the headers of one deployment may refer to as `${secret:NAME}`: kept sealed, and shown to nobody again.
///
/// It may be there before its deployment is, so that documents which refer to it can be applied to an empty store.
package struct DeploymentSecret: Sendable, Equatable {
    package var tenant: String
    package var endpoint: String
    package var deployment: String
    package var name: String
    package var value: String
    /// Seconds since 1970.
    package var changedAt: Int64

    package init(
        tenant: String,
        endpoint: String,
        deployment: String,
        name: String,
        value: String,
        changedAt: Int64
    ) {
        self.tenant = tenant
        self.endpoint = endpoint
        self.deployment = deployment
        self.name = name
        self.value = value
        self.changedAt = changedAt
    }

    /// How headers write it.
    package var reference: String { Self.prefix + name + "}" }

    /// What every reference to one begins with.
    package static let prefix = "${secret:"
}
