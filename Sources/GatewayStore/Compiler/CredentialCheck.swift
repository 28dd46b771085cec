import GatewayCore

/// What is wrong with named keys and principals.
struct CredentialCheck {
    private static let mostSecrets = 8

    let tenants: Set<String>
    /// Paths of endpoints.
    let endpoints: Set<String>

    func problems(of key: NamedKey) -> [Problem] {
        var findings = Findings(key.path)
        if !tenants.contains(key.tenant) {
            findings.note(.unknownTenant, "", "tenant \(key.tenant) does not exist; create it first")
        }
        if !TextRule.isName(key.name) { findings.note(.invalidName, "name", TextRule.name) }
        checkScope(key.endpoints, of: key.tenant, in: &findings)
        if let forms = key.forms {
            findings.checkList(forms, "forms", atMost: URLFormName.allCases.count)
            if forms.isEmpty { findings.note(.invalidValue, "forms", "is empty; name a form, or leave it out for all") }
        }
        if let expiresAt = key.expiresAt, expiresAt < 1 {
            findings.note(.invalidExpiry, "expiresAt", "must be a time after 1970")
        }
        findings.checkNetworks(key.allowedNetworks, "allowedNetworks")
        RulesCheck(allowsByAddress: true).check(key.rules, in: &findings)
        findings.checkQueueWeight(key.queueWeight)
        return findings.problems
    }

    func problems(of principal: Principal) -> [Problem] {
        var findings = Findings(principal.path)
        if !tenants.contains(principal.tenant) {
            findings.note(.unknownTenant, "", "tenant \(principal.tenant) does not exist; create it first")
        }
        if !Self.isUUID(principal.clientID) {
            findings.note(.invalidValue, "clientId", "must be a UUID in small letters; leave it out to have one made")
        }
        if !TextRule.isReadable(principal.name, atMost: 120) {
            findings.note(.invalidName, "name", "must be 1 to 120 characters without control characters")
        }
        if principal.secrets.count > Self.mostSecrets {
            let message = "are \(Self.mostSecrets) already; remove one first"
            findings.note(.tooMany, "secrets", message)
        }
        return findings.problems
    }

    /// Endpoints that a key or role names; none at all opens none, which happens when the last one is deleted.
    func checkScope(_ names: [String]?, of tenant: String, in findings: inout Findings) {
        guard let names else { return }
        findings.checkList(names, "endpoints", atMost: 1000)
        for name in names where !endpoints.contains("\(tenant)/\(name)") {
            let message = "endpoint \(tenant)/\(name) does not exist; create it first or take it out"
            findings.note(.unknownEndpoint, "endpoints", message)
        }
    }

    private static func isUUID(_ text: String) -> Bool {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        return groups.map(\.utf8.count) == [8, 4, 4, 4, 12]
            && groups.joined().utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
