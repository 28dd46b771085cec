import GatewayCore

/// An instance that is probed, and what its deployment says about that.
struct ProbeTarget: Sendable {
    /// `tenant/endpoint/deployment`.
    let path: String
    let tenant: String
    let instance: Instance
    let rule: ProbeRule
    let headers: [UpstreamHeader]
    let certificateAuthority: String?
    /// A worker: its supervisor knows whether it is ready, the probe only whether it still lives.
    let isNative: Bool

    init(_ path: String, _ instance: Instance, of deployment: Deployment) {
        self.path = path
        tenant = String(path.prefix { $0 != "/" })
        self.instance = instance
        rule = deployment.probes
        headers = deployment.headers
        certificateAuthority = deployment.certificateAuthority
        isNative = deployment.isNative
    }

    var kinds: [InstanceProbes.Kind] { isNative ? [.liveness] : [.readiness, .liveness] }

    /// The path that this probe asks for; `nil` = a connect is enough.
    func route(_ kind: InstanceProbes.Kind) -> String? {
        if isNative { return "/healthz" }
        return switch kind {
        case .liveness: rule.paths.liveness
        case .readiness: rule.paths.readiness
        }
    }

    func timeout(_ kind: InstanceProbes.Kind) -> Duration {
        // What was stored before there was a bound keeps no probe running for longer.
        let asked = kind == .liveness ? rule.liveness.timeout : rule.readiness.timeout
        return .seconds(min(max(1, asked), ProbeSettings.longestTimeout))
    }
}

extension Snapshot {
    /// Every instance of every deployment.
    var probeTargets: [ProbeTarget] {
        tenants.values.flatMap { tenant in
            tenant.endpoints.values.flatMap { endpoint in
                endpoint.deployments.flatMap { deployment in
                    let path = "\(tenant.name)/\(endpoint.name)/\(deployment.name)"
                    return deployment.instances.map { ProbeTarget(path, $0, of: deployment) }
                }
            }
        }
    }
}
