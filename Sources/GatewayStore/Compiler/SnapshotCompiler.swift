package import GatewayCore

/// Turns definitions into the snapshot that the data plane serves, or says everything that is wrong with them.
package struct SnapshotCompiler: Sendable {
    let domain: String?
    let deployments: DeploymentCompiler

    /// - Parameters:
    ///   - runtimeDirectory: where the sockets of native instances lie.
    ///   - allowed: private networks that upstream URLs may name.
    ///   - instances: gives the same object to every snapshot.
    package init(
        domain: String?,
        runtimeDirectory: String,
        allowed: NetworkList = .defaultAllowed,
        secrets: SecretResolver = SecretResolver(),
        instances: InstanceRegistry
    ) {
        self.domain = domain
        deployments = DeploymentCompiler(
            runtimeDirectory: runtimeDirectory,
            addresses: AddressRule(allowed: allowed),
            secrets: secrets,
            instances: instances
        )
    }

    /// - Parameter previous: what is served now; endpoints that stay as they are keep their object, and with it the place in
    ///   their traffic split.
    package func compile(_ definitions: Definitions, after previous: StoreContents? = nil) throws(StoreError)
        -> Snapshot
    {
        var problems = DefinitionsCheck(definitions).problems()
        let named = Dictionary(grouping: definitions.deployments, by: \.endpointPath)
        var compiled: [String: [Endpoint]] = [:]
        for endpoint in definitions.endpoints {
            var parts: [Deployment] = []
            for definition in named[endpoint.path] ?? [] {
                do throws(DeploymentCompiler.Failure) {
                    parts.append(try deployments.compile(definition, in: definitions))
                } catch {
                    problems += error.problems
                }
            }
            let kept = previous?.endpoint(like: endpoint, with: parts)
            compiled[endpoint.tenant, default: []].append(kept ?? Endpoint(endpoint, parts))
        }
        guard problems.isEmpty else { throw .invalid(problems) }
        let tenants = definitions.tenants.map { Tenant(name: $0.name, endpoints: compiled[$0.name] ?? []) }
        return Snapshot(domain: domain, tenants: tenants, keyring: Keyring(of: definitions.keys))
    }

    /// The worker processes that these definitions want; none for a deployment that does not compile.
    package func nativeInstances(of definitions: Definitions) -> [NativeInstance] {
        definitions.deployments.compactMap { deployment in
            guard case .native(let native) = deployment.serving else { return nil }
            return try? deployments.nativeInstance(deployment, native, in: definitions)
        }
    }
}

extension Endpoint {
    fileprivate convenience init(_ definition: EndpointDefinition, _ deployments: [Deployment]) {
        self.init(
            tenant: definition.tenant,
            name: definition.name,
            modelNames: definition.modelNames,
            hosts: definition.hosts,
            deployments: deployments,
            split: TrafficSplit(weights: deployments.map { min(100, max(0, definition.traffic[$0.name] ?? 0)) })
        )
    }
}

extension Keyring {
    fileprivate init(of keys: [EndpointKey]) {
        self.init(
            Dictionary(
                keys.map { ($0.digest, Caller(tenant: $0.tenant, endpoint: $0.endpoint, label: $0.label)) },
                uniquingKeysWith: { first, _ in first }
            )
        )
    }
}

extension StoreContents {
    /// The endpoint that is served now, when it would be compiled into the same.
    fileprivate func endpoint(like definition: EndpointDefinition, with deployments: [Deployment]) -> Endpoint? {
        guard let served = snapshot.tenants[definition.tenant]?.endpoints[definition.name],
            served.deployments.count == deployments.count,
            zip(served.deployments, deployments).allSatisfy({ $0.serves(like: $1) }),
            let known = definitions.endpoints.first(where: { $0.path == definition.path }),
            known.traffic == definition.traffic, known.modelNames == definition.modelNames,
            known.hosts == definition.hosts
        else { return nil }
        return served
    }
}

extension Deployment {
    fileprivate func serves(like other: Deployment) -> Bool {
        name == other.name && isNative == other.isNative && timeout == other.timeout && headers == other.headers
            && instances.elementsEqual(other.instances, by: ===) && upstreamModel == other.upstreamModel
            && certificateAuthority == other.certificateAuthority && modelLabel == other.modelLabel
    }
}
