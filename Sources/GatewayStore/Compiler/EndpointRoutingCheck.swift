package import GatewayCore

/// What is wrong with where an endpoint's traffic goes beside its split.
struct EndpointRoutingCheck {
    private static let mostCanaries = 16

    let definitions: Definitions

    func check(_ endpoint: EndpointDefinition, in findings: inout Findings) {
        // Most endpoints say nothing of the kind, and there may be many.
        guard !endpoint.mirrorTraffic.isEmpty || endpoint.routing != .none else { return }
        let deployments = definitions.deployments.filter { $0.endpointPath == endpoint.path }
        let names = Set(deployments.map(\.name))
        checkMirrors(of: endpoint, names, in: &findings)
        checkCanaries(of: endpoint, names, in: &findings)
        switch endpoint.routing.sticky {
        case .header(let name): Self.checkField(name, "sticky.name", in: &findings)
        case .cookie(let name) where !TextRule.isToken(name):
            findings.note(.invalidRouting, "sticky.name", "is not the name of a cookie; use letters, digits, - and _")
        case .caller, .key, .subject, .cookie, nil: break
        }
        guard let versions = endpoint.routing.versions else { return }
        check(versions, served: Set(deployments.compactMap(definitions.version)), in: &findings)
    }

    private func checkMirrors(of endpoint: EndpointDefinition, _ names: Set<String>, in findings: inout Findings) {
        for (name, percent) in endpoint.mirrorTraffic.sorted(by: { $0.key < $1.key }) {
            if !names.contains(name) {
                let message = "names the deployment \(name), which does not exist; create it or take it out"
                findings.note(.unknownDeployment, "mirrorTraffic", message)
            }
            if !(0...100).contains(percent) {
                let message = "the share of \(name) is \(percent); shares are per cent, 0 to 100"
                findings.note(.invalidTraffic, "mirrorTraffic", message)
            }
            if percent > 0, endpoint.takesTraffic(name) {
                let message = "\(name) has traffic too; a deployment is live or a mirror, so take one of the two away"
                findings.note(.invalidTraffic, "mirrorTraffic", message)
            }
        }
    }

    private func checkCanaries(of endpoint: EndpointDefinition, _ names: Set<String>, in findings: inout Findings) {
        let canaries = endpoint.routing.canaries
        if canaries.count > Self.mostCanaries {
            findings.note(.tooMany, "canary", "must be at most \(Self.mostCanaries), and there are \(canaries.count)")
        }
        for canary in canaries {
            if !names.contains(canary.deployment) {
                let message = "names \(canary.deployment), which does not exist; create it or take it out"
                findings.note(.unknownDeployment, "canary", message)
            }
            switch canary.condition {
            case .callers(let percent):
                if !(0...100).contains(percent) {
                    findings.note(.invalidRouting, "canary.callers", "is \(percent); shares are per cent, 0 to 100")
                }
            case .header(let name, let value):
                Self.checkField(name, "canary.header", in: &findings)
                if let value, !TextRule.isValue(value, atMost: 256) {
                    let message = "must be 1 to 256 visible ASCII characters"
                    findings.note(.invalidRouting, "canary.value", message)
                }
            }
        }
    }

    private func check(_ versions: VersionsDefinition, served: Set<String>, in findings: inout Findings) {
        if versions.query == nil, versions.header == nil {
            let message = "says neither query nor header; name what callers ask for a version with"
            findings.note(.invalidRouting, "versions", message)
        }
        if let query = versions.query, !TextRule.isToken(query) || query.contains("&") {
            findings.note(.invalidRouting, "versions.query", "must be 1 to 128 letters, digits, -, _ and .")
        }
        if let header = versions.header { Self.checkField(header, "versions.header", in: &findings) }
        if let standard = versions.standard, !served.contains(standard) {
            let known = served.isEmpty ? "none: give a deployment a model" : served.sorted().joined(separator: ", ")
            let message = "no deployment serves version \(standard) of its model; there is \(known)"
            findings.note(.unknownVersion, "versions.default", message)
        }
    }

    /// A header that is there when requests are routed: not one that carries a credential or belongs to the connection.
    private static func checkField(_ name: String, _ field: String, in findings: inout Findings) {
        if let problem = HeaderRule.problem(ofRouting: name) { findings.note(.invalidRouting, field, problem) }
    }
}

extension EndpointDefinition {
    /// Whether callers are led there, by weight or as a canary.
    func takesTraffic(_ deployment: String) -> Bool {
        traffic[deployment] ?? 0 > 0 || routing.canaries.contains { $0.deployment == deployment }
    }
}

extension Definitions {
    /// The version of the model that a deployment serves, where that is known.
    package func version(of deployment: DeploymentDefinition) -> String? {
        guard let reference = deployment.model else { return nil }
        return reference.version ?? model(deployment.tenant, reference)?.version
    }
}
