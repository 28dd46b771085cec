import GatewayCore

/// How much a tenant may put into the configuration, which is held in memory and walked over at each change.
///
/// Only what a change adds is looked at: a store that holds more already goes on, and may be made smaller.
struct SizeCheck {
    static let mostEndpoints = 1_000
    /// Of one endpoint.
    static let mostDeployments = 100
    static let mostRoles = 1_000
    private static let mostEntries = 200
    private static let longestText = 8 << 10
    /// Of a map, names and values together.
    private static let longestMap = 64 << 10

    let previous: Definitions

    func problems(_ definitions: Definitions) -> [Problem] {
        let endpoints = ConfigurationWriter.changed(previous.endpoints, definitions.endpoints, path: \.path)
        let deployments = ConfigurationWriter.changed(previous.deployments, definitions.deployments, path: \.path)
        return endpoints.flatMap(problems(of:)) + deployments.flatMap(problems(of:)) + numbers(definitions)
    }

    private func numbers(_ definitions: Definitions) -> [Problem] {
        let (old, new) = (previous, definitions)
        return [
            numbers(old.endpoints, new.endpoints, \.tenant, "endpoints", Self.mostEndpoints),
            numbers(old.deployments, new.deployments, \.endpointPath, "deployments", Self.mostDeployments),
            numbers(old.roles, new.roles, \.tenant, "role assignments", Self.mostRoles),
            numbers(old.secrets, new.secrets, \.deploymentPath, "secrets", DeploymentSecretCheck.mostOfDeployment),
            numbers(old.secrets, new.secrets, \.tenant, "secrets", DeploymentSecretCheck.mostOfTenant),
        ].flatMap(\.self)
    }

    private func numbers<Definition>(
        _ old: [Definition],
        _ new: [Definition],
        _ owner: (Definition) -> String,
        _ word: String,
        _ most: Int
    ) -> [Problem] {
        guard new.count > most else { return [] }
        let (before, after) = (Self.count(old, owner), Self.count(new, owner))
        let grown = after.keys.filter { name in
            let count = after[name] ?? 0
            return count > most && count > before[name] ?? 0
        }
        return grown.sorted().map { name in
            Problem(.tooMany, name, "would have \(after[name] ?? 0) \(word); \(most) are the most")
        }
    }

    private static func count<Definition>(_ list: [Definition], _ owner: (Definition) -> String) -> [String: Int] {
        var counts: [String: Int] = [:]
        for definition in list { counts[owner(definition), default: 0] += 1 }
        return counts
    }

    private func problems(of endpoint: EndpointDefinition) -> [Problem] {
        var findings = Findings(endpoint.path)
        check(endpoint.description, "description", in: &findings)
        check(endpoint.tags, "tags", in: &findings)
        check(endpoint.properties, "properties", in: &findings)
        return findings.problems
    }

    private func problems(of deployment: DeploymentDefinition) -> [Problem] {
        var findings = Findings(deployment.path)
        check(deployment.description, "description", in: &findings)
        check(deployment.tags, "tags", in: &findings)
        check(deployment.properties, "properties", in: &findings)
        check(deployment.environmentVariables, "environmentVariables", in: &findings)
        return findings.problems
    }

    private func check(_ text: String, _ field: String, in findings: inout Findings) {
        guard text.utf8.count > Self.longestText else { return }
        findings.note(.invalidValue, field, "must be at most \(Self.longestText) bytes, and has \(text.utf8.count)")
    }

    private func check(_ map: [String: String], _ field: String, in findings: inout Findings) {
        if map.count > Self.mostEntries {
            findings.note(.tooMany, field, "must be at most \(Self.mostEntries), and there are \(map.count)")
        }
        let size = map.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        guard size > Self.longestMap else { return }
        findings.note(.invalidValue, field, "must be at most \(Self.longestMap) bytes together, and has \(size)")
    }
}
