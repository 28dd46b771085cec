import GatewayCore

/// What is wrong with definitions, by themselves and against each other; reads no file and no environment.
struct DefinitionsCheck {
    private let definitions: Definitions
    private let previous: Definitions?
    private let tenants: Set<String>
    private let endpoints: Set<String>
    private let deployments: Set<String>
    private let trust: TrustCheck

    /// - Parameters:
    ///   - previous: what was found right before: of 100,000 named keys only those that changed are read again.
    ///   - allowsPlainHTTP: whether keys of an issuer may be fetched from this URL without TLS.
    init(
        _ definitions: Definitions,
        after previous: Definitions?,
        addresses: AddressRule,
        allowsPlainHTTP: @escaping @Sendable (String) -> Bool
    ) {
        self.definitions = definitions
        self.previous = previous
        tenants = Set(definitions.tenants.map(\.path))
        endpoints = Set(definitions.endpoints.map(\.path))
        deployments = Set(definitions.deployments.map(\.path))
        trust = TrustCheck(
            credentials: CredentialCheck(tenants: tenants, endpoints: endpoints),
            issuers: Set(definitions.issuers.map(\.path)),
            addresses: addresses,
            allowsPlainHTTP: allowsPlainHTTP
        )
    }

    /// - Parameter keys: what differs from the previous definitions.
    func problems(_ keys: KeyDifference) -> [Problem] {
        var found = definitions.tenants.flatMap(problems(of:))
        found += definitions.models.flatMap(problems(of:))
        found += definitions.endpoints.flatMap(problems(of:))
        found += definitions.deployments.flatMap(problems(of:))
        let secrets = ConfigurationWriter.changed(previous?.secrets ?? [], definitions.secrets, path: \.path)
        found += secrets.flatMap(DeploymentSecretCheck(tenants: tenants).problems(of:))
        found += doubtfulKeys(keys).flatMap(trust.credentials.problems(of:))
        found += definitions.principals.flatMap(trust.credentials.problems(of:))
        found += definitions.issuers.flatMap(trust.problems(of:))
        found += definitions.roles.flatMap(trust.problems(of:))
        found += definitions.webhooks.flatMap(trust.problems(of:))
        if let previous {
            found += SizeCheck(previous: previous).problems(definitions)
            found += IdleCaptureCheck(previous: previous).problems(definitions)
        }
        return found + repetitions() + claimedTwice()
    }

    /// The named keys that may be wrong: the changed ones, and all when something that they could name is gone.
    private func doubtfulKeys(_ keys: KeyDifference) -> [NamedKey] {
        guard let previous, previous.tenants.allSatisfy({ tenants.contains($0.path) }),
            previous.endpoints.allSatisfy({ endpoints.contains($0.path) })
        else { return definitions.namedKeys }
        return keys.named.new
    }

    private func repetitions() -> [Problem] {
        let lists = [
            definitions.tenants.map(\.path), definitions.endpoints.map(\.path), definitions.deployments.map(\.path),
            definitions.principals.map(\.clientID), definitions.issuers.map(\.path), definitions.roles.map(\.path),
            definitions.webhooks.map(\.path), definitions.secrets.map(\.path),
        ]
        return lists.flatMap(repeated)
    }

    private func problems(of tenant: TenantDefinition) -> [Problem] {
        var findings = Findings(tenant.path)
        if Names.reserved.contains(tenant.name) {
            findings.note(.reservedName, "name", "is a reserved path of the gateway; choose another name")
        } else if !Names.isTenant(tenant.name) {
            findings.note(.invalidName, "name", "must be 3 to 32 lower-case letters, digits and -, a letter first")
        }
        for (field, label) in [("subscription", tenant.subscription), ("resourceGroup", tenant.resourceGroup)] {
            guard let label, !TextRule.isReadable(label, atMost: 90) else { continue }
            findings.note(.invalidValue, field, "must be 1 to 90 characters without control characters")
        }
        RulesCheck(allowsByAddress: true).check(tenant.rules, in: &findings)
        CORSCheck.check(tenant.cors, in: &findings)
        findings.checkQueueWeight(tenant.queueWeight)
        return findings.problems
    }

    private func problems(of model: ModelDefinition) -> [Problem] {
        var found: [Problem] = []
        func note(_ code: Problem.Code, _ field: String, _ message: String) {
            found.append(Problem(code, model.resource, field: field, message))
        }
        if !tenants.contains(model.tenant) {
            note(.unknownTenant, "", "tenant \(model.tenant) does not exist; create it first")
        }
        let rule = "must be 1 to 255 letters, digits, . _ and -, a letter or digit first"
        if !Names.isArtifact(model.name) { note(.invalidName, "name", rule) }
        if !Names.isArtifact(model.version) { note(.invalidName, "version", rule) }
        if !model.path.hasPrefix("/") || model.path.utf8.contains(0) {
            note(.invalidValue, "path", "must be an absolute path")
        }
        let isDigest =
            model.sha256.utf8.count == 64
            && model.sha256.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        if !isDigest { note(.invalidValue, "sha256", "must be 64 lower-case hexadecimal digits") }
        if model.size < 1 { note(.invalidValue, "size", "must be the file's size in bytes, at least 1") }
        return found
    }

    private func problems(of endpoint: EndpointDefinition) -> [Problem] {
        var found: [Problem] = []
        func note(_ code: Problem.Code, _ field: String, _ message: String) {
            found.append(Problem(code, endpoint.path, field: field, message))
        }
        if !tenants.contains(endpoint.tenant) {
            note(.unknownTenant, "", "tenant \(endpoint.tenant) does not exist; create it first")
        }
        if !Names.isEndpoint(endpoint.name) { note(.invalidName, "name", Self.nameRule) }
        for name in endpoint.modelNames where !Names.isModelName(name) {
            note(.invalidName, "modelNames", "every model name must be 1 to 256 visible ASCII characters")
        }
        for host in endpoint.hosts where !Names.isHost(host) {
            note(.invalidName, "hosts", "\(host) is not a host name in lower case without a port")
        }
        for host in endpoint.hosts where IPAddress.looksNumeric(host) || host == "localhost" {
            note(.invalidName, "hosts", "\(host) cannot be claimed; use a DNS name")
        }
        if endpoint.description.utf8.contains(0) { note(.invalidValue, "description", "holds a NUL character") }
        var findings = Findings(endpoint.path)
        EndpointAccessCheck.check(endpoint, in: &findings)
        if endpoint.fallback != nil {
            let own = definitions.deployments.filter { $0.endpointPath == endpoint.path }
            FallbackCheck.check(endpoint, own, in: &findings)
        }
        EndpointRoutingCheck(definitions: definitions).check(endpoint, in: &findings)
        return found + findings.problems + trafficProblems(of: endpoint) + repeatedNames(in: endpoint)
    }

    private func trafficProblems(of endpoint: EndpointDefinition) -> [Problem] {
        let weights = endpoint.traffic.sorted { $0.key < $1.key }
        var found: [Problem] = []
        for (name, weight) in weights {
            if !deployments.contains("\(endpoint.path)/\(name)") {
                let message = "traffic names the deployment \(name), which does not exist; create it or take it out"
                found.append(Problem(.unknownDeployment, endpoint.path, field: "traffic", message))
            }
            if !(0...100).contains(weight) {
                let message = "the weight of \(name) is \(weight); weights are per cent, 0 to 100"
                found.append(Problem(.invalidTraffic, endpoint.path, field: "traffic", message))
            }
        }
        let total = weights.reduce(0) { $0.addingReportingOverflow($1.value).partialValue }
        if found.isEmpty, total != 100, weights.contains(where: { $0.value != 0 }) {
            let message = "the weights sum to \(total); make them sum to 100, or all zero for no traffic"
            found.append(Problem(.invalidTraffic, endpoint.path, field: "traffic", message))
        }
        return found
    }

    private func problems(of deployment: DeploymentDefinition) -> [Problem] {
        var found: [Problem] = []
        if !endpoints.contains(deployment.endpointPath) {
            let message = "endpoint \(deployment.endpointPath) does not exist; create it first"
            found.append(Problem(.unknownEndpoint, deployment.path, message))
        }
        if !Names.isDeployment(deployment.name) {
            found.append(Problem(.invalidName, deployment.path, field: "name", Self.nameRule))
        }
        if let timeout = deployment.settings.timeoutMilliseconds, !(1...86_400_000).contains(timeout) {
            let message = "must be 1 to 86400000 milliseconds (one day)"
            found.append(Problem(.invalidValue, deployment.path, field: "requestSettings.requestTimeoutMs", message))
        }
        // SQLite ends a text at its first NUL.
        if (deployment.description + (deployment.instanceType ?? "")).utf8.contains(0) {
            found.append(Problem(.invalidValue, deployment.path, field: "description", "holds a NUL character"))
        }
        if let model = deployment.model, !Names.isArtifact(model.name) || !Names.isArtifact(model.version ?? "1") {
            let message = "\(model.text) is not azureml:NAME:VERSION or azureml:NAME@latest"
            found.append(Problem(.invalidValue, deployment.path, field: "model", message))
        }
        var findings = Findings(deployment.path)
        let rules = RulesCheck(allowsByAddress: false)
        rules.check(deployment.rules, in: &findings)
        rules.check(deployment.price, in: &findings)
        CaptureCheck.check(deployment.capture, in: &findings)
        ServingCheck(longestProbe: longestProbe(of: deployment)).check(deployment, in: &findings)
        return found + findings.problems
    }

    /// Seconds that its probes may wait: what was stored when the bound was higher must not keep the gateway from starting.
    private func longestProbe(of deployment: DeploymentDefinition) -> Int {
        let longest = ProbeSettings.longestTimeout
        guard [deployment.liveness, deployment.readiness].contains(where: { $0?.timeout ?? 0 > longest }) else {
            return longest
        }
        let isStored = previous?.deployments.contains {
            $0.path == deployment.path && $0.liveness == deployment.liveness && $0.readiness == deployment.readiness
        }
        return isStored ?? true ? 3600 : longest
    }

    private static let nameRule = "must be 3 to 32 letters, digits and -, a letter first and no - at the end"

    private func repeated(_ paths: [String]) -> [Problem] {
        var seen: Set<String> = []
        return paths.filter { !seen.insert($0).inserted }
            .map { Problem(.duplicate, $0, "is described twice; keep one description") }
    }

    private func repeatedNames(in endpoint: EndpointDefinition) -> [Problem] {
        [("modelNames", endpoint.modelNames), ("hosts", endpoint.hosts)].flatMap { field, names in
            var seen: Set<String> = []
            return names.filter { !seen.insert($0).inserted }
                .map { Problem(.duplicate, endpoint.path, field: field, "\($0) is listed twice") }
        }
    }

    /// Names that must lead to one endpoint: model names within a tenant, hosts within the gateway.
    private func claimedTwice() -> [Problem] {
        var found: [Problem] = []
        var owners: [String: String] = [:]
        func claim(_ key: String, _ name: String, _ field: String, by endpoint: EndpointDefinition) {
            guard let owner = owners[key] else {
                owners[key] = endpoint.path
                return
            }
            guard owner != endpoint.path else { return }
            // Another tenant's endpoint does not exist for this one.
            let who = owner.hasPrefix(endpoint.tenant + "/") ? "by \(owner)" : "already"
            found.append(
                Problem(.nameTaken, endpoint.path, field: field, "\(name) is claimed \(who); choose another name")
            )
        }
        for endpoint in definitions.endpoints {
            claim("\(endpoint.tenant) \(endpoint.name)", endpoint.name, "name", by: endpoint)
        }
        for endpoint in definitions.endpoints {
            for name in endpoint.modelNames { claim("\(endpoint.tenant) \(name)", name, "modelNames", by: endpoint) }
            for host in endpoint.hosts { claim(host, host, "hosts", by: endpoint) }
        }
        return found
    }
}
