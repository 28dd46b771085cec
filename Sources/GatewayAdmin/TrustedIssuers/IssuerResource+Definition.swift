package import GatewayAPI
package import GatewayCore

extension TrustedIssuer {
    /// What a wire resource describes; names and URLs are the store's to judge.
    package init(_ resource: IssuerResource) {
        self.init(
            tenant: resource.tenant,
            name: resource.name,
            issuers: resource.issuers,
            audiences: resource.audiences,
            directoryID: resource.directoryId,
            discoveryURL: resource.discoveryUrl,
            keysURL: resource.keysUrl
        )
    }
}

extension IssuerResource {
    init(_ issuer: TrustedIssuer) {
        self.init(
            tenant: issuer.tenant,
            name: issuer.name,
            issuers: issuer.issuers,
            audiences: issuer.audiences,
            directoryId: issuer.directoryID,
            discoveryUrl: issuer.discoveryURL,
            keysUrl: issuer.keysURL
        )
    }
}
