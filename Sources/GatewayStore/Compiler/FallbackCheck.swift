import GatewayCore

/// What is wrong with an endpoint's fallback.
enum FallbackCheck {
    private static let mostDeployments = 16

    /// - Parameter deployments: those of the endpoint.
    static func check(
        _ endpoint: EndpointDefinition,
        _ deployments: [DeploymentDefinition],
        in findings: inout Findings
    ) {
        guard let fallback = endpoint.fallback else { return }
        findings.checkList(fallback.deployments, "fallback.to", atMost: mostDeployments)
        findings.checkList(fallback.statuses, "fallback.statuses", atMost: 200)
        if fallback.deployments.isEmpty {
            findings.note(.invalidValue, "fallback.to", "names no deployment; name one, or leave fallback out")
        }
        for status in fallback.statuses where !(400...599).contains(status) {
            findings.note(.invalidValue, "fallback.statuses", "\(status) is not a status from 400 to 599")
        }
        for name in fallback.deployments {
            guard let target = deployments.first(where: { $0.name == name }) else {
                let message = "fallback names the deployment \(name), which does not exist; create it or take it out"
                findings.note(.unknownDeployment, "fallback.to", message)
                continue
            }
            guard !fallback.allowsOtherModel else { continue }
            checkModel(of: target, beside: deployments, in: &findings)
        }
    }

    /// A caller that asked for one model must not be answered by another unless an admin said so.
    private static func checkModel(
        of target: DeploymentDefinition,
        beside deployments: [DeploymentDefinition],
        in findings: inout Findings
    ) {
        guard let model = target.servedModel else { return }
        for other in deployments where other.name != target.name {
            guard let served = other.servedModel, served != model else { continue }
            let message =
                "\(other.name) serves \(served) and \(target.name) serves \(model); set allow_other_model: true in fallback "
                + "if that is meant, or take \(target.name) out"
            return findings.note(.invalidValue, "fallback.to", message)
        }
    }
}

extension DeploymentDefinition {
    /// The model that answers, by the name that is known; `nil` where none is.
    fileprivate var servedModel: String? {
        if case .upstream(let upstream) = serving, let model = upstream.model { return model }
        return model?.name
    }
}
