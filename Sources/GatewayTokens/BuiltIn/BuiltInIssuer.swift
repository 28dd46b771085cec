package import GatewayCore
import JWTKit
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The gateway's own issuer: makes tokens for service principals and endpoints, and believes only those.
package final class BuiltInIssuer: Sendable {
    /// What changes while it runs.
    private struct State {
        var material: SigningMaterial
        var principals: [String: Principal] = [:]
    }

    /// Of a principal's token, in seconds.
    static let lifetime: Int64 = 3600

    let publicURL: String
    private let audiences: AudienceRule
    private let state: Mutex<State>
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - publicURL: `https://host:port`, under which `iss` and the documents' URLs lie.
    ///   - audiences: further names of the gateway that a scope may have, for instance the admin listener's URL.
    ///   - now: seconds since 1970.
    package init(
        publicURL: String,
        keys: SigningKeys,
        audiences: [String] = [],
        now: @escaping @Sendable () -> Int64 = BuiltInIssuer.wallClock
    ) async throws(SigningKeys.Unreadable) {
        self.publicURL = publicURL.hasSuffix("/") ? String(publicURL.dropLast()) : publicURL
        self.audiences = AudienceRule(publicURL: self.publicURL, others: audiences)
        self.now = now
        let material = try await SigningMaterial(keys)
        state = Mutex(State(material: material))
    }

    package static func wallClock() -> Int64 { Int64(time(nil)) }

    package func update(principals: [Principal]) {
        let byID = Dictionary(principals.map { ($0.clientID.lowercased(), $0) }) { first, _ in first }
        state.withLock { $0.principals = byID }
    }

    /// Takes rotated keys.
    package func update(keys: SigningKeys) async throws(SigningKeys.Unreadable) {
        let material = try await SigningMaterial(keys)
        state.withLock { $0.material = material }
    }

    var published: [JSONWebKey] { state.withLock { $0.material.published } }
}

/// Issuing.
extension BuiltInIssuer {
    /// A token for a service principal; `nil` only when the cryptography fails.
    package func issue(to principal: Principal, audience: String, now: Int64) async -> IssuedToken? {
        var claims = IssuedClaims(
            issuer: issuer(of: principal.tenant),
            audience: audience,
            subject: principal.clientID,
            tenant: principal.tenant,
            now: now,
            lifetime: Self.lifetime
        )
        claims.idtyp = "app"
        claims.azp = principal.clientID
        claims.appid = principal.clientID
        claims.azpacr = RoleAssignment.ClientProof.secret.rawValue
        return await sign(claims)
    }

    /// An `aml_token`: opens one endpoint, for whoever holds it.
    ///
    /// - Parameter principal: the client id of the built-in issuer's principal that asked; the token ends with it.
    package func issueEndpointToken(
        tenant: String,
        endpoint: String,
        subject: String,
        principal: String? = nil,
        lifetime: Int64 = 3600,
        now: Int64
    ) async -> IssuedToken? {
        var claims = IssuedClaims(
            issuer: issuer(of: tenant),
            audience: audience(ofEndpoint: endpoint, tenant: tenant),
            subject: subject,
            tenant: tenant,
            now: now,
            lifetime: max(1, min(lifetime, SigningKeys.longestLifetime))
        )
        claims.gatehouse_endpoint = endpoint
        claims.azp = principal
        return await sign(claims)
    }

    /// The principal that a request proves to be, and the audience that it may have.
    func authenticate(
        _ request: TokenRequest,
        as authority: IssuerRoute.Authority,
        host: String?
    ) throws(OAuthError) -> (principal: Principal, audience: String) {
        let principal = state.withLock { $0.principals[request.clientID] }
        let presented = KeyDigest(of: request.secret)
        let now = now()
        var isProven = false
        for secret in principal?.secrets ?? [] {
            let isCurrent = secret.expiresAt.map { now < $0 } ?? true
            if secret.digest == presented, isCurrent { isProven = true }
        }
        guard let principal, isProven, !principal.isDisabled, Self.covers(authority, principal.tenant) else {
            throw .invalidClient
        }
        let audience = request.audience ?? publicURL
        guard audiences.allows(audience, host: host, clientID: principal.clientID) else { throw .invalidScope }
        return (principal, audience)
    }

    private static func covers(_ authority: IssuerRoute.Authority, _ tenant: String) -> Bool {
        switch authority {
        case .tenant(let name): name == tenant
        case .adfs: true
        }
    }

    private func sign(_ claims: IssuedClaims) async -> IssuedToken? {
        let material = state.withLock { $0.material }
        guard let text = try? await material.signer.sign(claims, header: ["kid": .string(material.signerID)]) else {
            return nil
        }
        return IssuedToken(text: text, expiresAt: claims.exp, lifetime: claims.exp - claims.iat)
    }

    var timeNow: Int64 { now() }
}

/// Believing.
extension BuiltInIssuer {
    func issuer(of tenant: String) -> String { "\(publicURL)/\(tenant)/v2.0" }

    /// The tenant whose tokens have this `iss`; `nil` when it is not ours.
    func tenant(ofIssuer issuer: String) -> String? {
        let suffix = "/v2.0"
        guard issuer.hasPrefix(publicURL + "/"), issuer.hasSuffix(suffix) else { return nil }
        let tenant = String(issuer.dropFirst(publicURL.count + 1).dropLast(suffix.count))
        return Names.isTenant(tenant) ? tenant : nil
    }

    /// Signature, audience and principal; the time was checked.
    func verify(_ token: SignedToken, tenant: String) throws(TokenRefusal) -> VerifiedToken {
        let (material, principal) = state.withLock { ($0.material, $0.principals[token.claims.subject]) }
        guard token.header.keyID != nil, let key = try material.believed.key(for: token) else { throw .unknownKey }
        guard key.signed(token) else { throw .signature }
        guard token.claims.directoryID == tenant else { throw .directory }
        if let endpoint = token.claims.endpoint {
            guard token.claims.audiences == [audience(ofEndpoint: endpoint, tenant: tenant)] else { throw .audience }
            if token.claims.application != nil {
                guard let principal, !principal.isDisabled, principal.tenant == tenant else { throw .revoked }
            }
            return token.claims.verified(.endpoint(tenant: tenant, endpoint: endpoint))
        }
        // Which audiences there may be was decided when the token was issued: nobody else has this key.
        guard token.claims.audiences.count == 1 else { throw .audience }
        guard let principal, !principal.isDisabled, principal.tenant == tenant else { throw .revoked }
        return token.claims.verified(.builtIn(tenant: tenant))
    }

    /// Whether an operator may come with it.
    ///
    /// A token that was made for calling models, or for another service of a machine, would give whoever is called the
    /// rights of its holder here. Of other issuers, the tenant's trust says it.
    package func administers(_ token: VerifiedToken) -> Bool {
        guard case .builtIn = token.issuer else { return true }
        return token.audiences.allSatisfy(audiences.administers)
    }

    private func audience(ofEndpoint endpoint: String, tenant: String) -> String {
        "\(publicURL)/\(tenant)/\(endpoint)"
    }
}
