package import GatewayCore

/// What the store holds and the data plane serves at one moment.
package struct StoreContents: Sendable {
    package let definitions: Definitions
    package let certificates: [StoredCertificate]
    package let snapshot: Snapshot
}

/// A certificate for a host name: where its PEM files lie on the gateway's machine.
package struct StoredCertificate: Sendable, Equatable {
    package var host: String
    package var certificate: String
    package var key: String

    package init(host: String, certificate: String, key: String) {
        self.host = host
        self.certificate = certificate
        self.key = key
    }
}
