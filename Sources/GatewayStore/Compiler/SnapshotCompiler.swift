package import GatewayCore

/// Turns definitions into the snapshot that the data plane serves, or says everything that is wrong with them.
package struct SnapshotCompiler: Sendable {
    let domain: String?
    let deployments: DeploymentCompiler
    let access: AccessCompiler
    /// What a tenant's own operators may name.
    let tenantRule: TenantRule

    /// The private networks that what an owner names may be in.
    package var allowed: NetworkList { deployments.addresses.allowed }

    /// - Parameters:
    ///   - runtimeDirectory: where the sockets of native instances lie.
    ///   - allowed: private networks that upstream URLs may name.
    ///   - instances: gives the same object to every snapshot.
    ///   - tenantRule: for changes by a tenant's own operators.
    package init(
        domain: String?,
        runtimeDirectory: String,
        allowed: NetworkList = .defaultAllowed,
        secrets: SecretResolver = SecretResolver(),
        instances: InstanceRegistry,
        access: AccessCompiler = AccessCompiler(),
        tenantRule: TenantRule = TenantRule()
    ) {
        self.tenantRule = tenantRule
        self.domain = domain
        self.access = access
        deployments = DeploymentCompiler(
            runtimeDirectory: runtimeDirectory,
            addresses: AddressRule(allowed: allowed),
            networks: tenantRule.networks,
            secrets: secrets,
            instances: instances
        )
    }

    /// - Parameter previous: what is served now; endpoints that stay as they are keep their object, and with it the place in
    ///   their traffic split.
    package func compile(_ definitions: Definitions, after previous: StoreContents? = nil) throws(StoreError)
        -> Snapshot
    {
        var unreadable: [Problem] = []
        let keys = KeyDifference(previous?.definitions, definitions)
        return try compile(definitions, after: previous, keys, unreadable: &unreadable)
    }

    /// What a store holds when it is opened.
    func open(_ definitions: Definitions, unreadable: inout [Problem]) throws(StoreError) -> Snapshot {
        let keys = KeyDifference(nil, definitions)
        return try compile(definitions, after: nil, keys, isOpening: true, unreadable: &unreadable)
    }

    /// - Parameters:
    ///   - keys: what differs from what is served now.
    ///   - isOpening: whether what cannot be read leaves its deployment without instances.
    ///   - unreadable: what could not be read, of deployments that stay as they are served.
    func compile(
        _ definitions: Definitions,
        after previous: StoreContents?,
        _ keys: KeyDifference,
        isOpening: Bool = false,
        unreadable: inout [Problem]
    ) throws(StoreError) -> Snapshot {
        let deployments = try check(definitions, after: previous, keys, isOpening, &unreadable)
        let served = previous.map(ServedEndpoints.init)
        let tenants = Dictionary(definitions.tenants.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var endpoints: [String: [Endpoint]] = [:]
        for definition in definitions.endpoints {
            let tenant = tenants[definition.tenant]
            let parts = (deployments[definition.path] ?? []).map { parts in
                parts.deployment(
                    usage: access.scope(parts.definition.subject, parts.definition.rules),
                    capture: definition.capture
                )
            }
            let made = access.endpoint(
                definition,
                of: tenant,
                parts,
                owners: definitions.stickyBuckets[definition.path] ?? .none,
                after: served?.endpoint(of: definition)
            )
            let kept = served?.endpoint(like: made, definition)
            endpoints[definition.tenant, default: []].append(kept ?? made)
        }
        let roles = Dictionary(grouping: definitions.roles, by: \.tenant)
        return Snapshot(
            domain: domain,
            tenants: definitions.tenants.map {
                access.tenant($0, endpoints[$0.name] ?? [], roles[$0.name] ?? [])
            },
            keyring: access.keyring(keys, after: previous?.snapshot.keyring),
            privateNetworks: access.privateNetworks
        )
    }

    /// Says everything that is wrong, and touches no counter: what is only tried must not change what is served.
    func check(_ definitions: Definitions, after previous: StoreContents?) throws(StoreError) {
        var unreadable: [Problem] = []
        let keys = KeyDifference(previous?.definitions, definitions)
        _ = try check(definitions, after: previous, keys, false, &unreadable)
    }

    /// Names of the form `endpoint.tenant.domain` are given out by the gateway: nobody can claim one.
    private func hostsUnderDomain(_ definitions: Definitions) -> [Problem] {
        guard let domain else { return [] }
        return definitions.endpoints.flatMap { endpoint in
            endpoint.hosts.filter { $0 == domain || $0.hasSuffix("." + domain) }.map { host in
                let message = "\(host) lies under listen.domain, whose names the gateway gives out; choose another"
                return Problem(.nameTaken, endpoint.path, field: "hosts", message)
            }
        }
    }

    /// - Returns: what the deployments are made of, by the path of their endpoint.
    private func check(
        _ definitions: Definitions,
        after previous: StoreContents?,
        _ keys: KeyDifference,
        _ isOpening: Bool,
        _ unreadable: inout [Problem]
    ) throws(StoreError) -> [String: [DeploymentParts]] {
        // What the last change, or one that was refused, has left behind.
        deployments.instances.forgetUnused()
        let check = DefinitionsCheck(
            definitions,
            after: previous?.definitions,
            addresses: deployments.addresses,
            allowsPlainHTTP: access.allowsPlainHTTP
        )
        var problems = check.problems(keys) + hostsUnderDomain(definitions)
        if let previous { problems += unreadableHeaders(definitions.webhooks, after: previous.definitions) }
        var compiled: [String: [DeploymentParts]] = [:]
        for definition in definitions.deployments {
            do throws(DeploymentCompiler.Failure) {
                let parts = try deployments.compile(definition, in: definitions)
                compiled[definition.endpointPath, default: []].append(parts)
            } catch {
                let kept = error.isOutside ? kept(definition, in: definitions, after: previous, isOpening) : nil
                if let kept { compiled[definition.endpointPath, default: []].append(kept) }
                if kept == nil { problems += error.problems } else { unreadable += error.problems }
            }
        }
        guard problems.isEmpty else { throw .invalid(problems) }
        return compiled
    }

    /// What a deployment whose files cannot be read is served as: as before where it is the same, so that one tenant's file
    /// keeps nobody from changing anything, nor the gateway from starting; `nil` refuses it.
    private func kept(
        _ definition: DeploymentDefinition,
        in definitions: Definitions,
        after previous: StoreContents?,
        _ isOpening: Bool
    ) -> DeploymentParts? {
        guard let previous else { return isOpening ? deployments.out(definition, in: definitions) : nil }
        guard previous.definitions.deployments.contains(definition) else { return nil }
        let endpoint = previous.snapshot.tenants[definition.tenant]?.endpoints[definition.endpoint]
        let served = endpoint?.deployments.first { $0.name == definition.name }
        return served.map { DeploymentParts($0, of: definition) }
    }

    /// References of new webhooks that have no value.
    ///
    /// One that loses its value later keeps the gateway from nothing but telling that webhook.
    private func unreadableHeaders(_ webhooks: [WebhookDefinition], after previous: Definitions) -> [Problem] {
        webhooks.filter { !previous.webhooks.contains($0) }.flatMap { webhook in
            webhook.headers.compactMap { header in
                do throws(Problem) {
                    _ = try deployments.resolve(header, webhook.path, field: "headers")
                    return nil
                } catch {
                    return error.code == .invalidHeader ? nil : error
                }
            }
        }
    }

    /// The worker processes that these definitions want; none for a deployment that does not compile.
    package func nativeInstances(of definitions: Definitions) -> [NativeInstance] {
        definitions.deployments.compactMap { deployment in
            guard case .native(let native) = deployment.serving else { return nil }
            return try? deployments.nativeInstance(deployment, native, in: definitions)
        }
    }
}

/// The endpoints that are served now, with what they were made from.
private struct ServedEndpoints {
    private let snapshot: Snapshot
    private let definitions: [String: EndpointDefinition]

    init(_ contents: StoreContents) {
        snapshot = contents.snapshot
        definitions = Dictionary(
            contents.definitions.endpoints.map { ($0.path, $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The one whose place the new one takes.
    func endpoint(of definition: EndpointDefinition) -> Endpoint? {
        snapshot.tenants[definition.tenant]?.endpoints[definition.name]
    }

    /// The one that is served now, when the new one would serve the same.
    func endpoint(like new: Endpoint, _ definition: EndpointDefinition) -> Endpoint? {
        guard let served = endpoint(of: definition),
            served.deployments.count == new.deployments.count,
            zip(served.deployments, new.deployments).allSatisfy({ $0.serves(like: $1) }),
            let before = definitions[definition.path], before.leadsTraffic(like: definition),
            served.modelNames == new.modelNames, served.hosts == new.hosts, served.access == new.access,
            served.usage === new.usage,
            served.cors == new.cors, FallbackRule.isSame(served.fallback, new.fallback)
        else { return nil }
        return served
    }
}

extension EndpointDefinition {
    fileprivate func leadsTraffic(like other: EndpointDefinition) -> Bool {
        traffic == other.traffic && mirrorTraffic == other.mirrorTraffic && routing == other.routing
    }
}

extension MirrorRule {
    /// Without those that get nothing.
    init(_ shares: [String: Int], _ deployments: [Deployment], after served: MirrorRule?) {
        self.init(
            targets: deployments.compactMap { deployment in
                guard let percent = shares[deployment.name], percent > 0 else { return nil }
                return MirrorTarget(
                    deployment,
                    percent: min(100, percent),
                    after: served?.targets.first { $0.deployment.name == deployment.name }
                )
            }
        )
    }
}

extension Deployment {
    fileprivate func serves(like other: Deployment) -> Bool {
        name == other.name && isNative == other.isNative && timeout == other.timeout && headers == other.headers
            && instances.elementsEqual(other.instances, by: ===) && currentWorkers == other.currentWorkers
            && upstreamModel == other.upstreamModel
            && certificateAuthority == other.certificateAuthority && modelLabel == other.modelLabel
            && usage === other.usage && price == other.price && capacity == other.capacity && probes == other.probes
            && version == other.version && path == other.path && removedHeaders == other.removedHeaders
            && capture == other.capture
    }
}
