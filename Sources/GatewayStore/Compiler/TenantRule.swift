package import GatewayCore

/// What a tenant's operators may not name, and an owner of the whole gateway may (DESIGN §4): addresses in private networks
/// that are not the tenant's, and what lies on the gateway's machine.
///
/// What the owner has set stays: only what is new is looked at, and a reference to a secret goes nowhere but where it went.
/// Here the text is judged; what a name stands for is judged when it is dialled, by `Reach`.
package struct TenantRule: Sendable {
    /// Private networks by tenant.
    let networks: TenantNetworks

    package init(networks: [String: NetworkList] = [:]) {
        self.networks = TenantNetworks(networks)
    }

    /// - Parameter ownersWord: paths of the deployments of which the configuration file says what serves them.
    func problems(_ old: Definitions, _ new: Definitions, besides ownersWord: Set<String> = []) -> [Problem] {
        let before = Dictionary(old.deployments.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        let deployments = ConfigurationWriter.changed(old.deployments, new.deployments, path: \.path)
            .filter { !ownersWord.contains($0.path) }
            .flatMap { problems(of: $0, before: before[$0.path]) }
        let webhooks = ConfigurationWriter.changed(old.webhooks, new.webhooks, path: \.path).flatMap { webhook in
            problems(of: webhook, before: old.webhooks.first { $0.path == webhook.path })
        }
        let issuers = ConfigurationWriter.changed(old.issuers, new.issuers, path: \.path).flatMap { issuer in
            let known = old.issuers.first { $0.path == issuer.path }
            return [
                (issuer.keysURL, known?.keysURL, "keysUrl"), (issuer.discoveryURL, known?.discoveryURL, "discoveryUrl"),
            ]
            .compactMap { url, known, field in
                url == known ? nil : url.flatMap { problem(with: $0, of: issuer.tenant, issuer.path, field) }
            }
        }
        return deployments + webhooks + issuers
    }

    private func problems(of deployment: DeploymentDefinition, before: DeploymentDefinition?) -> [Problem] {
        guard case .upstream(let upstream) = deployment.serving else { return [] }
        var known = UpstreamDefinition(urls: [])
        if case .upstream(let earlier) = before?.serving { known = earlier }
        let added = upstream.urls.filter { !known.urls.contains($0) }
        var problems = added.compactMap { problem(with: $0, of: deployment.tenant, deployment.path, "upstream.urls") }
        let isElsewhere = !added.isEmpty
        for header in upstream.headers where isElsewhere || !known.headers.contains(header) {
            if let problem = problem(with: header, deployment.path, "upstream.headers") { problems.append(problem) }
        }
        if let file = upstream.certificateAuthority, file != known.certificateAuthority {
            let message = "names a file on the gateway's machine, which only an owner of the whole gateway may"
            problems.append(Problem(.secretRefused, deployment.path, field: "upstream.ca", message))
        }
        return problems
    }

    private func problems(of webhook: WebhookDefinition, before: WebhookDefinition?) -> [Problem] {
        let isElsewhere = webhook.url != before?.url
        let address = isElsewhere ? problem(with: webhook.url, of: webhook.tenant, webhook.path, "url") : nil
        let headers = webhook.headers.filter { isElsewhere || before?.headers.contains($0) != true }
            .compactMap { problem(with: $0, webhook.path, "headers") }
        return [address].compactMap(\.self) + headers
    }

    private func problem(with header: UpstreamHeader, _ resource: String, _ field: String) -> Problem? {
        guard header.value.contains("${env:") || header.value.contains("${file:") else { return nil }
        let advice =
            field == "headers"
            ? "write the value itself, it is kept sealed"
            : "refer to one of the deployment's own as ${secret:NAME}, set with gatehouse deployments set-secret"
        let message =
            "\(header.name) refers to a secret of the gateway's, which only an owner of the whole gateway may; \(advice)"
        return Problem(.secretRefused, resource, field: field, message)
    }

    private func problem(with url: String, of tenant: String, _ resource: String, _ field: String) -> Problem? {
        // What is no address is the other checks' to tell.
        guard case .success(let address) = InstanceAddress.parse(String(url.prefix { $0 != "?" })) else { return nil }
        let rule = AddressRule(allowed: networks.of(tenant))
        let refusal: String?
        switch address.transport {
        case .http(let host, _), .https(let host, _): refusal = rule.refusal(ofHost: host)
        case .unix(let path): refusal = "\(path) is on the gateway's machine, which only its owner may name"
        }
        guard let refusal else { return nil }
        let message = refusal.replacing("upstreams.allow", with: "upstreams.tenants.\(tenant)")
        return Problem(.addressRefused, resource, field: field, message)
    }
}
