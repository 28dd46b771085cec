/// Finds out who sent a request.
struct IdentityRule {
    let snapshot: Snapshot
    let tokens: TokenCache

    /// - Parameter token: the request's, when it was just verified.
    /// - Returns: `nil` when a token must be verified first.
    func caller(
        _ head: RequestHead,
        _ form: URLForm,
        _ token: VerifiedToken?,
        at now: Moment
    ) throws(Refusal) -> Caller? {
        guard !QueryCredential.isIn(head.query) else { throw .unauthenticated(.inQuery) }
        switch head.credential {
        case .none: return try anonymous(form)
        case .conflicting: throw .unauthenticated(.conflicting)
        case .key(let secret): return try holder(of: secret, at: now)
        case .bearer(let text):
            guard text.isTokenShaped else { return try holder(of: text, at: now) }
            guard let verified = token ?? tokens.find(text, at: now.wall) else { return nil }
            return try holder(of: verified, head, form)
        }
    }

    private func holder(of secret: String, at now: Moment) throws(Refusal) -> Caller {
        guard let caller = snapshot.keyring.identify(secret), now.wall < caller.expiresAt ?? .max else {
            throw .unauthenticated(.invalid)
        }
        return caller
    }

    private func holder(
        of token: VerifiedToken,
        _ head: RequestHead,
        _ form: URLForm
    ) throws(Refusal) -> Caller {
        switch token.issuer {
        case .builtIn(let tenant), .endpoint(let tenant, _): return Caller(tenant: tenant, token: token)
        case .trusted(let issuers): return Caller(tenant: try tenant(among: issuers, head, form), token: token)
        }
    }

    /// The tenant that the request is for: the one its URL or `x-gatehouse-tenant` names, or the only one that trusts the token.
    ///
    /// A host of somebody else's own must answer like one that nobody has.
    private func tenant(
        among issuers: [VerifiedToken.TenantIssuer],
        _ head: RequestHead,
        _ form: URLForm
    ) throws(Refusal) -> String {
        let tenants = Set(issuers.map(\.tenant))
        if case .ownHost(let endpoint) = form, tenants.contains(endpoint.tenant) { return endpoint.tenant }
        if let named = form.tenant ?? head.tenant {
            // To a tenant that does not trust its issuer, a token is no credential.
            guard tenants.contains(named) else { throw .unauthenticated(.invalid) }
            return named
        }
        guard let only = tenants.first, tenants.count == 1 else { throw .tenantAmbiguous }
        return only
    }

    /// Only a public endpoint has callers without a credential, and only where the URL names it.
    private func anonymous(_ form: URLForm) throws(Refusal) -> Caller {
        guard let endpoint = snapshot.endpoint(of: form), endpoint.access.modes.contains(.none) else {
            throw .unauthenticated(.missing)
        }
        return Caller(
            tenant: endpoint.tenant,
            label: Caller.anonymousLabel,
            proof: .none,
            endpoints: [endpoint.name]
        )
    }
}

extension String {
    /// Whether a bearer credential can be a JSON Web Token: it begins with an encoded `{"` and has two dots.
    var isTokenShaped: Bool {
        hasPrefix("eyJ") && utf8.reduce(0) { $1 == UInt8(ascii: ".") ? $0 + 1 : $0 } == 2
    }
}
