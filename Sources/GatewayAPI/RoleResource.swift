/// Says which tokens have a role in a tenant: exactly one of the six members from `subject` on is set.
package struct RoleResource: Codable, Sendable, Equatable {
    /// In a request it may be left out: the URL has it.
    package var tenant: String
    /// In a PUT it may be left out: the URL has it.
    package var name: String
    /// `invoke` or `token`; or one of operators: `owner`, `admin`, `deployer`, `key-admin`, `reviewer`,
    /// `monitor`.
    package var role: String
    /// `oid`, else `sub`.
    package var subject: String?
    /// `appid` or `azp`; the client id of a principal.
    package var application: String?
    /// One of `groups`.
    package var group: String?
    /// One of `roles`.
    package var applicationRole: String?
    /// One word of `scp`.
    package var scope: String?
    /// `xms_mirid`.
    package var managedIdentity: String?
    /// The name of a trusted issuer, or `built-in`; left out, any of the tenant.
    package var issuer: String?
    /// Names of endpoints; left out, all of the tenant.
    package var endpoints: [String]?
    /// How the client must have proved itself: `public` (not at all), `secret`, `certificate`; empty = any.
    package var proofs: [String]

    package init(tenant: String, name: String, role: String) {
        self.tenant = tenant
        self.name = name
        self.role = role
        proofs = []
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case tenant
        case name
        case role
        case subject
        case application
        case group
        case applicationRole
        case scope
        case managedIdentity
        case issuer
        case endpoints
        case proofs
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        self.init(
            tenant: try members.value(.tenant, or: ""),
            name: try members.value(.name, or: ""),
            role: try members.decode(String.self, forKey: .role)
        )
        subject = try members.value(.subject)
        application = try members.value(.application)
        group = try members.value(.group)
        applicationRole = try members.value(.applicationRole)
        scope = try members.value(.scope)
        managedIdentity = try members.value(.managedIdentity)
        issuer = try members.value(.issuer)
        endpoints = try members.value(.endpoints)
        proofs = try members.value(.proofs, or: [])
    }
}
