import GatewayCore

/// What is wrong with issuers, roles and webhooks.
struct TrustCheck {
    private static let mostWebhookHeaders = 32

    let credentials: CredentialCheck
    /// Paths of issuers.
    let issuers: Set<String>
    let addresses: AddressRule
    /// Whether keys may be fetched from this URL without TLS.
    let allowsPlainHTTP: @Sendable (String) -> Bool

    func problems(of issuer: TrustedIssuer) -> [Problem] {
        var findings = Findings(issuer.path)
        checkName(issuer.name, of: issuer.tenant, in: &findings)
        if issuer.name == RoleAssignment.builtInIssuer {
            findings.note(.invalidName, "name", "is the gateway's own issuer; choose another name")
        }
        checkValues(issuer.issuers, "issuers", "the exact value of iss", in: &findings)
        checkValues(issuer.audiences, "audiences", "the exact value of aud", in: &findings)
        if let directory = issuer.directoryID, !TextRule.isValue(directory, atMost: 256) {
            findings.note(.invalidIssuer, "directoryId", "must be 1 to 256 visible ASCII characters")
        }
        switch (issuer.discoveryURL, issuer.keysURL) {
        case (nil, nil):
            findings.note(.invalidIssuer, "discoveryUrl", "is missing; name the discovery document, or set keysUrl")
        case (.some, .some):
            findings.note(.invalidIssuer, "discoveryUrl", "and keysUrl are both set; keep one of them")
        case (let url?, nil): checkKeyLocation(url, "discoveryUrl", in: &findings)
        case (nil, let url?): checkKeyLocation(url, "keysUrl", in: &findings)
        }
        return findings.problems
    }

    func problems(of role: RoleAssignment) -> [Problem] {
        var findings = Findings(role.path)
        checkName(role.name, of: role.tenant, in: &findings)
        if !TextRule.isValue(role.subject.text, atMost: 512) {
            findings.note(.invalidRole, "subject", "must be 1 to 512 visible ASCII characters")
        }
        if let issuer = role.issuer, issuer != RoleAssignment.builtInIssuer,
            !issuers.contains("\(role.tenant)/issuers/\(issuer)")
        {
            let message = "issuer \(issuer) is not trusted by \(role.tenant); add it first, or use built-in"
            findings.note(.unknownIssuer, "issuer", message)
        }
        credentials.checkScope(role.endpoints, of: role.tenant, in: &findings)
        return findings.problems
    }

    func problems(of webhook: WebhookDefinition) -> [Problem] {
        var findings = Findings(webhook.path)
        checkName(webhook.name, of: webhook.tenant, in: &findings)
        if webhook.url.hasPrefix("unix:") {
            findings.note(.invalidURL, "url", "must begin with http:// or https://")
        } else {
            checkURL(webhook.url, "url", in: &findings)
        }
        findings.checkList(webhook.events, "events", atMost: 64)
        for event in webhook.events where !Self.isEvent(event) {
            findings.note(.invalidWebhook, "events", "every event must be a name such as quota.threshold")
        }
        findings.checkList(webhook.headers.map { $0.name.lowercased() }, "headers", atMost: Self.mostWebhookHeaders)
        for header in webhook.headers {
            if let message = HeaderRule.problem(ofName: header.name) ?? HeaderRule.problem(ofValue: header.value) {
                findings.note(.invalidHeader, "headers", message)
            }
        }
        return findings.problems
    }

    private func checkName(_ name: String, of tenant: String, in findings: inout Findings) {
        if !credentials.tenants.contains(tenant) {
            findings.note(.unknownTenant, "", "tenant \(tenant) does not exist; create it first")
        }
        if !TextRule.isName(name) { findings.note(.invalidName, "name", TextRule.name) }
    }

    private func checkValues(_ values: [String], _ field: String, _ what: String, in findings: inout Findings) {
        findings.checkList(values, field, atMost: 64)
        if values.isEmpty { findings.note(.invalidIssuer, field, "is empty; give \(what)") }
        if !values.allSatisfy({ TextRule.isValue($0, atMost: 512) }) {
            findings.note(.invalidIssuer, field, "every entry must be 1 to 512 visible ASCII characters")
        }
    }

    private func checkKeyLocation(_ url: String, _ field: String, in findings: inout Findings) {
        guard url.hasPrefix("https://") || (url.hasPrefix("http://") && allowsPlainHTTP(url)) else {
            return findings.note(.invalidURL, field, "must begin with https://")
        }
        checkURL(url, field, in: &findings)
    }

    /// A URL that the gateway itself dials (SECURITY S-1, S-2); it may have a query.
    private func checkURL(_ url: String, _ field: String, in findings: inout Findings) {
        guard url.utf8.count <= 2048, url.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            return findings.note(.invalidURL, field, "must be at most 2048 visible ASCII characters")
        }
        if url.contains("#") { return findings.note(.invalidURL, field, "must not hold a fragment") }
        switch InstanceAddress.parse(String(url.prefix { $0 != "?" })) {
        case .failure(let problem): findings.note(.invalidURL, field, "the URL \(problem.reason)")
        case .success(let address):
            guard let host = address.host, let refusal = addresses.refusal(ofHost: host) else { return }
            findings.note(.addressRefused, field, refusal)
        }
    }

    private static func isEvent(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { TextRule.isAlphanumeric($0) || [0x2d, 0x2e, 0x5f].contains($0) }
    }
}

extension InstanceAddress {
    /// `nil` for Unix sockets.
    fileprivate var host: String? {
        switch transport {
        case .http(let host, _), .https(let host, _): host
        case .unix: nil
        }
    }
}
