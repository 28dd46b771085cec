import GatewayCore

/// What is wrong with secrets of deployments, without their values.
struct DeploymentSecretCheck {
    /// Of one deployment.
    static let mostOfDeployment = 32
    static let mostOfTenant = 1_000

    let tenants: Set<String>

    func problems(of secret: DeploymentSecret) -> [Problem] {
        var findings = Findings(secret.path)
        if !tenants.contains(secret.tenant) {
            findings.note(.unknownTenant, "", "tenant \(secret.tenant) does not exist; create it first")
        }
        if !Names.isEndpoint(secret.endpoint) { findings.note(.invalidName, "endpoint", "is no name of an endpoint") }
        if !Names.isDeployment(secret.deployment) {
            findings.note(.invalidName, "deployment", "is no name of a deployment")
        }
        if !TextRule.isName(secret.name) { findings.note(.invalidName, "name", TextRule.name) }
        if secret.value.isEmpty {
            findings.note(.invalidValue, "value", "is empty; remove the secret if it is not needed")
        } else if let message = HeaderRule.problem(ofValue: secret.value) {
            findings.note(.invalidValue, "value", "cannot stand in a header: \(message)")
        }
        return findings.problems
    }
}
