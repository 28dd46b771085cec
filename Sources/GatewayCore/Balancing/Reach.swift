/// Which addresses a name may stand for when it is dialled, beside the gateway's own rule (SECURITY S-1).
///
/// What the owner applies reaches every network that the gateway may use. What a tenant's own operators apply reaches the
/// public one, and of the private ones those that are listed for the tenant: a name says nothing of where it leads.
package struct Reach: Sendable, Hashable {
    package static let everywhere = Reach()

    package var hasPublic: Bool
    /// `nil` = all that the gateway may use.
    package var privateNetworks: NetworkList?

    package init(hasPublic: Bool = true, privateNetworks: NetworkList? = nil) {
        self.hasPublic = hasPublic
        self.privateNetworks = privateNetworks
    }

    /// Whether this numeric address may be talked to.
    package func admits(_ address: String) -> Bool {
        guard let address = IPAddress(address) else { return false }
        guard NetworkList.privateRanges.contains(address) else { return hasPublic }
        return privateNetworks?.contains(address) ?? true
    }
}

/// The private networks of each tenant: `upstreams.tenants` in `gatehouse.yaml`.
package struct TenantNetworks: Sendable {
    private let networks: [String: NetworkList]

    package init(_ networks: [String: NetworkList] = [:]) {
        self.networks = networks
    }

    package func of(_ tenant: String) -> NetworkList { networks[tenant] ?? NetworkList(known: []) }

    /// - Parameter isNamedByTenant: whether the tenant's own operators named what is dialled.
    package func reach(of tenant: String, isNamedByTenant: Bool) -> Reach {
        isNamedByTenant ? Reach(privateNetworks: of(tenant)) : .everywhere
    }
}
