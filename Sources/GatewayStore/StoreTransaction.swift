import GatewayCore

/// A change in the making: the next state of the configuration, not yet checked nor written.
struct StoreTransaction {
    var definitions: Definitions
    var certificates: [StoredCertificate]
    /// Keys of endpoints made by this change, by their place.
    private(set) var issued: [String: KeySecret] = [:]
    /// Signing secrets of webhooks made by this change, by the webhook's path.
    private(set) var signing: [String: String] = [:]
    /// Rows of Azure's dialect that belong to this change.
    var azure: [AzureWrite] = []
    /// Paths of the deployments of which the configuration file says what serves them.
    private(set) var ownersWord: Set<String> = []
    /// Whether documents are applied: what the owner's name is the owner's, whoever named it first.
    ///
    /// Else only what is new is the author's: an owner who sets a limit has not looked at where the names lead.
    var isApplying = false
    /// Seconds since 1970.
    let now: Int64
    /// Whether the author may act on the whole gateway: what they name is dialled wherever the gateway may.
    private let isOwner: Bool

    init(_ contents: StoreContents, at now: Int64, isOwner: Bool) {
        self.isOwner = isOwner
        definitions = contents.definitions
        certificates = contents.certificates
        self.now = now
    }

    /// Whether everything is as it was, keys left aside: there may be 100,000.
    func hasChangedOnlyKeys(since before: StoreContents) -> Bool {
        var (old, new) = (before.definitions, definitions)
        (old.keys, old.namedKeys, new.keys, new.namedKeys) = ([], [], [], [])
        return old == new && certificates == before.certificates
    }

    /// Whether everything that the data plane knows is as it was, keys left aside.
    func hasChangedOnlyOperators(since before: StoreContents) -> Bool {
        var (old, new) = (before.definitions, definitions)
        (old.keys, old.namedKeys, new.keys, new.namedKeys) = ([], [], [], [])
        (old.operators, new.operators) = ([], [])
        return old == new && certificates == before.certificates
    }

    /// Puts a new key into a slot.
    ///
    /// - Parameters:
    ///   - grace: seconds that the key before still opens; with none it opens nothing any more.
    ///   - endsEarlier: without a grace, those before it end too.
    mutating func issueKey(
        _ tenant: String,
        _ endpoint: String,
        slot: KeySlot,
        grace: Int64 = 0,
        endsEarlier: Bool = true
    ) {
        let secret = KeySecret.generate()
        var key = EndpointKey(tenant: tenant, endpoint: endpoint, slot: slot, digest: secret.digest, createdAt: now)
        if let index = definitions.keys.firstIndex(where: { $0.isSlot(of: key) }) {
            key.retired = definitions.keys[index].retired
            if grace > 0 || endsEarlier { key.retired.retire(definitions.keys[index].digest, at: now, grace: grace) }
            definitions.keys[index] = key
        } else {
            definitions.keys.append(key)
        }
        issued[key.place] = secret
    }

    /// Replaces or adds; a new endpoint gets its pair of keys, one that is there keeps its maintenance and its age.
    mutating func put(_ endpoint: EndpointDefinition) {
        var endpoint = endpoint
        if let index = definitions.endpoints.firstIndex(where: { $0.path == endpoint.path }) {
            endpoint.maintenance = definitions.endpoints[index].maintenance
            endpoint.createdAt = definitions.endpoints[index].createdAt
            definitions.endpoints[index] = endpoint
            return
        }
        endpoint.createdAt = now
        definitions.endpoints.append(endpoint)
        for slot in KeySlot.allCases { issueKey(endpoint.tenant, endpoint.name, slot: slot) }
    }

    /// - Parameter isOwners: whether the configuration file says what serves it: then it is the owner's word, whoever asks.
    @discardableResult
    mutating func put(_ deployment: DeploymentDefinition, isOwners: Bool = false) -> PutOutcome {
        if isOwners { ownersWord.insert(deployment.path) }
        let index = definitions.deployments.firstIndex { $0.path == deployment.path }
        let before = index.map { definitions.deployments[$0] }
        let deployment = deployment.named(before: before) { isKnown, wasTenants in
            !isOwners && isTenants(isKnown: isKnown, wasTenants)
        }
        if let index { definitions.deployments[index] = deployment } else { definitions.deployments.append(deployment) }
        return PutOutcome(before, deployment)
    }

    /// With everything that the tenant owns.
    mutating func removeTenant(_ name: String) {
        definitions.tenants.removeAll { $0.name == name }
        definitions.models.removeAll { $0.tenant == name }
        definitions.endpoints.removeAll { $0.tenant == name }
        definitions.deployments.removeAll { $0.tenant == name }
        definitions.secrets.removeAll { $0.tenant == name }
        definitions.keys.removeAll { $0.tenant == name }
        definitions.namedKeys.removeAll { $0.tenant == name }
        definitions.principals.removeAll { $0.tenant == name }
        definitions.issuers.removeAll { $0.tenant == name }
        definitions.roles.removeAll { $0.tenant == name }
        definitions.webhooks.removeAll { $0.tenant == name }
        definitions.operators.removeAll { $0.tenant == name }
    }

    /// With its deployments, their secrets and its keys, and out of every scope: an endpoint that gets the name later is another one.
    mutating func removeEndpoint(_ endpoint: EndpointDefinition) {
        let path = endpoint.path
        definitions.endpoints.removeAll { $0.path == path }
        definitions.deployments.removeAll { $0.endpointPath == path }
        definitions.secrets.removeAll { $0.tenant == endpoint.tenant && $0.endpoint == endpoint.name }
        definitions.keys.removeAll { $0.endpointPath == path }
        for index in definitions.roles.indices
        where definitions.roles[index].tenant == endpoint.tenant
            && definitions.roles[index].endpoints?.contains(endpoint.name) == true
        {
            definitions.roles[index].endpoints?.removeAll { $0 == endpoint.name }
        }
        for index in definitions.namedKeys.indices
        where definitions.namedKeys[index].tenant == endpoint.tenant
            && definitions.namedKeys[index].endpoints?.contains(endpoint.name) == true
        {
            definitions.namedKeys[index].endpoints?.removeAll { $0 == endpoint.name }
        }
    }

    /// With its secrets and its place in the traffic split; a weight that it still has makes the split invalid, which the compiler says.
    mutating func removeDeployment(_ deployment: DeploymentDefinition) {
        definitions.deployments.removeAll { $0.path == deployment.path }
        definitions.secrets.removeAll { $0.deploymentPath == deployment.path }
        guard let index = definitions.endpoints.firstIndex(where: { $0.path == deployment.endpointPath }) else {
            return
        }
        definitions.endpoints[index].forget(deployment.name)
    }

    @discardableResult
    mutating func put(_ issuer: TrustedIssuer) -> PutOutcome {
        let before = definitions.issuers.first { $0.path == issuer.path }
        var issuer = issuer
        let isElsewhere = issuer.keysURL != before?.keysURL || issuer.discoveryURL != before?.discoveryURL
        issuer.isNamedByTenant = isTenants(isKnown: before != nil && !isElsewhere, before?.isNamedByTenant ?? false)
        definitions.issuers.removeAll { $0.path == issuer.path }
        definitions.issuers.append(issuer)
        return PutOutcome(before, issuer)
    }

    /// Whose an address is that this change names.
    ///
    /// - Parameters:
    ///   - isKnown: whether it was there before.
    ///   - wasTenants: whether the tenant's own operators had named it then.
    private func isTenants(isKnown: Bool, _ wasTenants: Bool) -> Bool {
        isKnown ? wasTenants && !(isOwner && isApplying) : !isOwner
    }

    mutating func put(_ role: RoleAssignment) {
        definitions.roles.removeAll { $0.path == role.path }
        definitions.roles.append(role)
    }

    /// Replaces or adds; a new one gets a signing secret.
    @discardableResult
    mutating func put(_ webhook: WebhookDefinition) -> PutOutcome {
        let before = definitions.webhooks.first { $0.path == webhook.path }
        var webhook = webhook
        webhook.isNamedByTenant = isTenants(isKnown: webhook.url == before?.url, before?.isNamedByTenant ?? false)
        definitions.webhooks.removeAll { $0.path == webhook.path }
        definitions.webhooks.append(webhook)
        if before == nil { signing[webhook.path] = SigningSecret.generate() }
        return PutOutcome(before, webhook)
    }
}

extension DeploymentDefinition {
    /// - Parameter isTenants: whose a URL is, by whether it was there before and whose it was then.
    fileprivate func named(
        before: DeploymentDefinition?,
        _ isTenants: (_ isKnown: Bool, _ wasTenants: Bool) -> Bool
    ) -> DeploymentDefinition {
        guard case .upstream(var upstream) = serving else { return self }
        var known = UpstreamDefinition(urls: [])
        if case .upstream(let earlier) = before?.serving { known = earlier }
        upstream.tenantURLs = upstream.urls.filter { isTenants(known.urls.contains($0), known.tenantURLs.contains($0)) }
        var named = self
        named.serving = .upstream(upstream)
        return named
    }
}

extension [RetiredKey] {
    /// Adds a key that is replaced now; without a grace none opens any more, it and those before it.
    mutating func retire(_ digest: KeyDigest, at now: Int64, grace: Int64) {
        guard grace > 0 else { return removeAll() }
        removeAll { $0.validUntil <= now }
        // The clock counts whole seconds and may be anywhere within this one: what was promised is given in full.
        let key = RetiredKey(digest: digest, validUntil: now + grace + 1)
        insert(key, at: firstIndex { key.precedes($0) } ?? endIndex)
    }
}

extension RetiredKey {
    /// As the store lists them.
    fileprivate func precedes(_ other: RetiredKey) -> Bool {
        if validUntil != other.validUntil { return validUntil < other.validUntil }
        return digest.bytes.lexicographicallyPrecedes(other.digest.bytes)
    }
}

extension EndpointKey {
    fileprivate func isSlot(of other: EndpointKey) -> Bool {
        slot == other.slot && tenant == other.tenant && endpoint == other.endpoint
    }
}
