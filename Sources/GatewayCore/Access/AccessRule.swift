/// Whether a caller may use an endpoint, in this way and from where it is.
struct AccessRule {
    let snapshot: Snapshot
    let tenant: Tenant
    let caller: Caller

    /// - Parameter asksForToken: the request is no call, it asks for an `aml_token`.
    func check(_ endpoint: Endpoint, _ form: URLForm, _ head: RequestHead, asksForToken: Bool) throws(Refusal) {
        guard asksForToken ? try mayAsk(endpoint) : Self.opens(caller, endpoint, in: tenant) else { throw .forbidden }
        try checkWay(form, head)
        guard reaches(endpoint, head) else { throw .networkRefused }
        if let maintenance = endpoint.access.maintenance { throw .maintenance(maintenance) }
    }

    /// To a token that has no role in the tenant every name answers alike, whether there is something behind it or not.
    func checkKnown() throws(Refusal) {
        guard case .token(let token) = caller.proof else { return }
        if case .endpoint = token.issuer { return }
        guard RoleRule.isKnown(token, in: tenant) else { throw .forbidden }
    }

    /// Whether the caller may come this way, whatever it wants.
    func checkWay(_ form: URLForm, _ head: RequestHead) throws(Refusal) {
        if let forms = caller.forms, let name = form.name, !forms.contains(name) { throw .forbidden }
        guard isAllowed(caller.networks, head) else { throw .networkRefused }
    }

    /// Whether the endpoint may be called from where the client is.
    func reaches(_ endpoint: Endpoint, _ head: RequestHead) -> Bool {
        isAllowed(endpoint.access.networks, head)
            && (!endpoint.access.isPrivate || isAllowed(snapshot.privateNetworks, head))
    }

    /// Whether it may call, by what it has proved.
    static func opens(_ caller: Caller, _ endpoint: Endpoint, in tenant: Tenant) -> Bool {
        if let endpoints = caller.endpoints {
            // Most keys are for one endpoint: its name need not be hashed.
            guard endpoints.count == 1 ? endpoints.first == endpoint.name : endpoints.contains(endpoint.name) else {
                return false
            }
        }
        let modes = endpoint.access.modes
        switch caller.proof {
        case .none: return modes.contains(.none)
        case .key: return modes.contains(.key) || modes.contains(.none)
        case .token(let token):
            if case .endpoint(let tenant, let name) = token.issuer {
                return modes.contains(.amlToken) && tenant == endpoint.tenant && name == endpoint.name
                    && token.issuedAt >= endpoint.access.createdAt
            }
            return modes.contains(.aadToken) && RoleRule.allows(token, .invoke, on: endpoint.name, in: tenant)
        }
    }

    /// To ask for an `aml_token` one shows another token, and the role for it.
    private func mayAsk(_ endpoint: Endpoint) throws(Refusal) -> Bool {
        guard case .token(let token) = caller.proof else { return false }
        guard endpoint.access.modes.contains(.amlToken) else { throw .noTokens }
        return RoleRule.allows(token, .token, on: endpoint.name, in: tenant)
    }

    private func isAllowed(_ networks: NetworkList?, _ head: RequestHead) -> Bool {
        guard let networks else { return true }
        return head.address.map(networks.contains) ?? false
    }
}
