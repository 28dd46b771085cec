import Foundation
package import GatewayTLS
import Logging

/// A directory of its own with a local authority and a server certificate for `localhost`; gone with the value.
package final class Workspace: Sendable {
    /// Short, so that socket paths in it stay under the system's 107 bytes.
    package let directory: String
    package let authority: String
    private let certificate: CertificateFiles

    package init() throws {
        directory = "/tmp/gh-" + UUID().uuidString.prefix(8).lowercased()
        let made = try LocalAuthority.make(in: directory, names: ["localhost", "127.0.0.1"])
        authority = made.authority
        certificate = CertificateFiles(certificate: made.certificate, key: made.key)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    package func server(protocols: [String]) throws -> TLSServer {
        let store = try CertificateStore(files: [certificate], logger: Logger(label: "test"))
        return try TLSServer(certificates: store, applicationProtocols: protocols)
    }

    package func client(protocols: [String]) throws -> TLSClient {
        try TLSClient(trust: .file(authority), applicationProtocols: protocols)
    }
}
