package import GatewayStore
package import GatewayTLS

/// What the routes work on: the store, the served certificates and what is known of readiness.
package struct ControlPlane: Sendable {
    let store: Store
    let certificates: CertificateStore
    /// What scoring URIs begin with, without a slash at the end.
    let publicURL: String
    let operatorToken: String
    /// Whether `tenant/endpoint/deployment` has an instance that can take requests now.
    let isReady: @Sendable (_ deployment: String) -> Bool

    package init(
        store: Store,
        certificates: CertificateStore,
        publicURL: String,
        operatorToken: String,
        isReady: @escaping @Sendable (_ deployment: String) -> Bool
    ) {
        self.store = store
        self.certificates = certificates
        self.publicURL = publicURL
        self.operatorToken = operatorToken
        self.isReady = isReady
    }
}
