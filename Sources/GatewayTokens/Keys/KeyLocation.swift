import GatewayCore

/// Where an issuer's keys are found, and what its discovery document has to say for them to count.
package struct KeyLocation: Hashable, Sendable {
    let url: String
    /// `nil` = `url` is that of the keys themselves.
    let discovery: Discovery?
    /// Which addresses its name may stand for; part of the identity, so that a tenant gets no keys from where it may not.
    let reach: Reach

    /// What a discovery document is checked against.
    struct Discovery: Hashable {
        let issuers: Set<String>
        let directoryID: String?

        /// Entra's documents for several directories have `{tenantid}` in their `issuer`.
        func accepts(_ issuer: String) -> Bool {
            if issuers.contains(issuer) { return true }
            let parts = issuer.split(separator: "{tenantid}", omittingEmptySubsequences: false)
            guard let directoryID, parts.count == 2 else { return false }
            return issuers.contains(parts.joined(separator: directoryID))
        }
    }

    init(_ issuer: TrustedIssuer, reach: Reach = .everywhere) {
        self.reach = reach
        if let keys = issuer.keysURL {
            url = keys
            discovery = nil
        } else {
            let name = issuer.issuers.first ?? ""
            let base = name.hasSuffix("/") ? String(name.dropLast()) : name
            url = issuer.discoveryURL ?? base + "/.well-known/openid-configuration"
            discovery = Discovery(issuers: Set(issuer.issuers), directoryID: issuer.directoryID)
        }
    }

    /// Why keys may not be fetched from a URL; `nil` when they may (SECURITY S-2).
    package static func fault(of url: String, plainHTTP: PlainHTTPRule) -> String? {
        let isSecure = url.hasPrefix("https://")
        guard isSecure || url.hasPrefix("http://") else { return "the URL is not https" }
        let rest = url.dropFirst(isSecure ? 8 : 7)
        guard url.utf8.count <= 2048, url.utf8.allSatisfy({ (0x21...0x7e).contains($0) }),
            !rest.contains(where: { "\\@#".contains($0) }),
            let authority = URLAuthority(rest.prefix { $0 != "/" && $0 != "?" })
        else { return "the URL is not of the form https://host[:port]/path" }
        guard isSecure || plainHTTP.allows(authority) else {
            return "the URL is not https, and issuers.allow_http lacks its address"
        }
        return nil
    }
}
