extension URLForm {
    /// The tenant that the URL itself names.
    var tenant: String? {
        switch self {
        case .path(let tenant, _, _), .host(let tenant, _): tenant
        case .ownHost, .service, .issuer, .openAI, .anthropic, .models, .azureOpenAI, .unknown: nil
        }
    }

    /// The endpoint that the form, or the body's `model`, names.
    ///
    /// Another tenant's does not exist.
    func endpoint(_ fields: BodyFields?, in tenant: Tenant) throws(Refusal) -> Endpoint {
        switch self {
        case .path(let tenantName, let name, _):
            guard tenantName == tenant.name, let endpoint = tenant.endpoints[name] else { throw .noSuchEndpoint }
            return endpoint
        case .host(let tenantName, let label):
            guard tenantName == tenant.name, let endpoint = tenant.endpointsByLabel[label] else {
                throw .noSuchEndpoint
            }
            return endpoint
        case .azureOpenAI(let name, _):
            guard let endpoint = tenant.endpointsByModel[name] else { throw .noSuchModel }
            return endpoint
        case .ownHost(let endpoint):
            guard endpoint.tenant == tenant.name else { throw .noSuchEndpoint }
            return endpoint
        case .openAI, .anthropic:
            guard let fields else { throw .bodyUnreadable(.noModel) }
            guard let endpoint = tenant.endpointsByModel[try fields.requireModel()] else { throw .noSuchModel }
            return endpoint
        case .unknown, .models, .service, .issuer: throw .noSuchEndpoint
        }
    }
}

extension Snapshot {
    /// The endpoint that a URL names by itself, whoever calls it.
    func endpoint(of form: URLForm) -> Endpoint? {
        switch form {
        case .path(let tenant, let name, _): tenants[tenant]?.endpoints[name]
        case .host(let tenant, let label): tenants[tenant]?.endpointsByLabel[label]
        case .ownHost(let endpoint): endpoint
        case .service, .issuer, .openAI, .anthropic, .models, .azureOpenAI, .unknown: nil
        }
    }

    /// The endpoint's policy, or, where the URL names no endpoint, the first of all that fits.
    ///
    /// A preflight and an error before the body was read do not know the endpoint. What is allowed here opens nothing: the
    /// answer itself carries the endpoint's own permission.
    func corsPolicy(_ form: URLForm, where fits: (CORSPolicy) -> Bool) -> CORSPolicy? {
        switch form {
        case .path, .host, .ownHost: endpoint(of: form)?.cors
        case .openAI, .anthropic, .models, .azureOpenAI: corsPolicies.first(where: fits)
        case .service, .issuer, .unknown: nil
        }
    }

    /// The policy of what a URL may name: one that lists this very origin before one that is open to all.
    func corsPolicy(
        _ form: URLForm,
        for origin: String,
        where fits: (CORSPolicy) -> Bool = { _ in true }
    ) -> CORSPolicy? {
        corsPolicy(form) { $0.names(origin) && fits($0) } ?? corsPolicy(form) { $0.allows(origin) && fits($0) }
    }

    /// The headers of the answer to a preflight.
    func preflight(_ asked: CORSPreflight, _ form: URLForm) -> [CORSHeader] {
        let policy = corsPolicy(form, for: asked.origin) { $0.rule.allowedMethods.contains(asked.method) }
        return policy?.preflight(asked) ?? CORSPolicy.noPreflight
    }
}
