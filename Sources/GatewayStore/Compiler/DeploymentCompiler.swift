import Foundation
import GatewayCore

/// A deployment that was found right and waits for its counters.
struct DeploymentParts: Sendable {
    let definition: DeploymentDefinition
    let instances: [Instance]
    let headers: [UpstreamHeader]
    let modelLabel: String?
    let queue: CapacityQueue
    let budget: RetryBudget
    /// Of the model, where it is known.
    let version: String?
    /// Of a native deployment, and how many of its instances are of the settings that are served; of others all are.
    var pool: WorkerPool?
    var currentWorkers: Int?

    /// - Parameter capture: of its endpoint.
    func deployment(usage: UsageScope?, capture: CaptureRule?) -> Deployment {
        var upstream: UpstreamDefinition?
        if case .upstream(let found) = definition.serving { upstream = found }
        return Deployment(
            name: definition.name,
            isNative: upstream == nil,
            instances: instances,
            timeout: definition.settings.timeout,
            capacity: Deployment.Capacity(
                limit: definition.concurrencyLimit,
                queueWait: definition.settings.queueWait
            ),
            upstreamModel: upstream?.model,
            headers: headers,
            certificateAuthority: upstream?.certificateAuthority,
            modelLabel: modelLabel,
            version: version,
            path: upstream?.path,
            removedHeaders: upstream?.removedHeaders ?? [],
            usage: usage,
            price: definition.price,
            capture: definition.capture?.redacting(as: capture) ?? capture,
            probes: ProbeRule(
                liveness: definition.liveness ?? definition.standardLiveness,
                readiness: definition.readiness ?? ProbeSettings(),
                paths: upstream?.probe ?? ProbePaths(),
                headers: headers,
                certificateAuthority: upstream?.certificateAuthority
            ),
            queue: queue,
            budget: budget,
            pool: pool,
            currentWorkers: currentWorkers
        )
    }
}

extension DeploymentParts {
    /// Those of a deployment that is served.
    init(_ served: Deployment, of definition: DeploymentDefinition) {
        self.init(
            definition: definition,
            instances: served.instances,
            headers: served.headers,
            modelLabel: served.modelLabel,
            queue: served.queue,
            budget: served.budget,
            version: served.version
        )
        pool = served.pool
        currentWorkers = served.currentWorkers
    }
}

/// Compiles one deployment: reads its URLs, resolves its secrets, finds its model.
struct DeploymentCompiler: Sendable {
    /// Every problem of one deployment.
    struct Failure: Error {
        let problems: [Problem]

        /// Whether it is nothing that the deployment says, but what files and variables have, which may change any time.
        var isOutside: Bool { problems.allSatisfy { [.fileUnreadable, .secretUnreadable].contains($0.code) } }
    }

    private static let mostURLs = 256
    private static let mostHeaders = 32
    /// What `sun_path` holds besides its terminator.
    static let longestSocketPath = 107

    let runtimeDirectory: String
    let addresses: AddressRule
    let networks: TenantNetworks
    let secrets: SecretResolver
    let instances: InstanceRegistry

    func compile(_ definition: DeploymentDefinition, in definitions: Definitions) throws(Failure) -> DeploymentParts {
        switch definition.serving {
        case .upstream(let upstream): try compile(definition, upstream, in: definitions)
        case .native(let native): try compile(definition, native, in: definitions)
        }
    }

    private func compile(
        _ definition: DeploymentDefinition,
        _ upstream: UpstreamDefinition,
        in definitions: Definitions
    ) throws(Failure) -> DeploymentParts {
        var problems = boundProblems(of: upstream, definition.path)
        var findings = Findings(definition.path)
        UpstreamRequestCheck.check(upstream, in: &findings)
        problems += findings.problems
        var found: [InstanceAddress] = []
        for url in upstream.urls.prefix(Self.mostURLs) {
            do throws(Problem) {
                found.append(try address(url, upstream, of: definition))
            } catch {
                problems.append(error)
            }
        }
        var headers: [UpstreamHeader] = []
        let refers = upstream.headers.contains { $0.value.contains(DeploymentSecret.prefix) }
        let own = refers ? definitions.secretValues(of: definition) : [:]
        for header in upstream.headers.prefix(Self.mostHeaders) {
            do throws(Problem) {
                headers.append(try resolve(header, definition.path, field: "upstream.headers", own: own))
            } catch {
                problems.append(error)
            }
        }
        guard problems.isEmpty else { throw Failure(problems: problems) }
        let upstreams = found.map {
            instances.instance(at: $0, of: definition.path, isReady: false, isUsable: true)
        }
        return parts(of: definition, upstreams, headers: headers, in: definitions)
    }

    /// What is served of a deployment whose files cannot be read: nothing, as if its instances were out.
    func out(_ definition: DeploymentDefinition, in definitions: Definitions) -> DeploymentParts {
        parts(of: definition, [], in: definitions)
    }

    func parts(
        of definition: DeploymentDefinition,
        _ members: [Instance],
        headers: [UpstreamHeader] = [],
        modelLabel: String? = nil,
        in definitions: Definitions
    ) -> DeploymentParts {
        DeploymentParts(
            definition: definition,
            instances: members,
            headers: headers,
            modelLabel: modelLabel,
            queue: instances.queue(for: members),
            budget: instances.budget(of: definition.path),
            version: definitions.version(of: definition)
        )
    }

    private func boundProblems(of upstream: UpstreamDefinition, _ resource: String) -> [Problem] {
        var problems: [Problem] = []
        func note(_ code: Problem.Code, _ field: String, _ message: String) {
            problems.append(Problem(code, resource, field: "upstream.\(field)", message))
        }
        if upstream.urls.isEmpty { note(.invalidURL, "urls", "an upstream deployment needs at least one URL") }
        if upstream.urls.count > Self.mostURLs { note(.invalidURL, "urls", "must be at most \(Self.mostURLs) URLs") }
        if Set(upstream.urls).count < upstream.urls.count { note(.duplicate, "urls", "a URL is listed twice") }
        if upstream.headers.count > Self.mostHeaders {
            note(.invalidHeader, "headers", "must be at most \(Self.mostHeaders)")
        }
        if Set(upstream.headers.map { $0.name.lowercased() }).count < upstream.headers.count {
            note(.duplicate, "headers", "a header is listed twice")
        }
        if let model = upstream.model, !Names.isModelName(model) {
            note(.invalidName, "model", "must be 1 to 256 visible ASCII characters")
        }
        if let file = upstream.certificateAuthority, !FileManager.default.isReadableFile(atPath: file) {
            note(.fileUnreadable, "ca", "\(file) cannot be read by the gateway; name a PEM file that it can read")
        }
        return problems
    }

    private func address(
        _ url: String,
        _ upstream: UpstreamDefinition,
        of deployment: DeploymentDefinition
    ) throws(Problem) -> InstanceAddress {
        let resource = deployment.path
        var address: InstanceAddress
        switch InstanceAddress.parse(url) {
        case .success(let parsed): address = parsed
        case .failure(let problem):
            throw Problem(.invalidURL, resource, field: "upstream.urls", "\(url) \(problem.reason)")
        }
        switch address.transport {
        case .http(let host, _), .https(let host, _):
            if let refusal = addresses.refusal(ofHost: host) {
                throw Problem(.addressRefused, resource, field: "upstream.urls", refusal)
            }
            let isNamedByTenant = upstream.tenantURLs.contains(url)
            address.reach = networks.reach(of: deployment.tenant, isNamedByTenant: isNamedByTenant)
            address.reach.hasPublic = !deployment.isEgressPrivate
            // A tenant's list may become shorter: then the address is refused when it is dialled, and nothing else is.
            if IPAddress(host) != nil, !Reach(hasPublic: address.reach.hasPublic).admits(host) {
                let message = "\(host) is a public address, which egress_public_network_access: disabled forbids"
                throw Problem(.addressRefused, resource, field: "upstream.urls", message)
            }
        case .unix: break
        }
        return address
    }

    /// - Parameters:
    ///   - list: the member that holds the header.
    ///   - own: the deployment's secrets; `nil` for what is no deployment.
    func resolve(
        _ header: UpstreamHeader,
        _ resource: String,
        field list: String,
        own: [String: String]? = nil
    ) throws(Problem) -> UpstreamHeader {
        if let message = HeaderRule.problem(ofName: header.name) {
            throw Problem(.invalidHeader, resource, field: list, message)
        }
        let field = "\(list).\(header.name)"
        let value = try secrets.resolve(header.value, resource: resource, field: field, own: own)
        if let message = HeaderRule.problem(ofValue: value) {
            // Only what lies outside may have changed by itself.
            let isOutside = header.value.contains("${env:") || header.value.contains("${file:")
            throw Problem(isOutside ? .secretUnreadable : .invalidHeader, resource, field: field, message)
        }
        return UpstreamHeader(name: header.name, value: value)
    }
}

extension CaptureRule {
    /// A `data_collector` cannot say what is taken out: what its endpoint's rule takes out is taken out of it too.
    fileprivate func redacting(as endpoint: CaptureRule?) -> CaptureRule {
        guard !collections.isEmpty, redaction == RedactionRule(), let endpoint else { return self }
        var rule = self
        rule.redaction = endpoint.redaction
        return rule
    }
}
