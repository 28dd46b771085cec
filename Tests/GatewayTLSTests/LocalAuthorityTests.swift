import Foundation
import GatewayTLS
import Testing

@Suite struct LocalAuthorityTests {
    @Test func `openssl verifies the server certificate strictly`() throws {
        let workspace = try Workspace(names: ["localhost", "gateway.example.org", "127.0.0.1", "::1"])
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/openssl")
        openssl.arguments = [
            "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "gateway.example.org", "-CAfile",
            workspace.authority, workspace.files.certificate,
        ]
        openssl.standardOutput = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        #expect(openssl.terminationStatus == 0)
    }

    @Test func `keys are readable by their owner only`() throws {
        let workspace = try Workspace()
        for name in ["ca.key", "server.key"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: workspace.directory + "/" + name)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func `a second call keeps what is there`() throws {
        let workspace = try Workspace(names: ["localhost", "127.0.0.1"])
        let before = try workspace.read(workspace.files.certificate)
        let again = try LocalAuthority.make(in: workspace.directory, names: ["localhost"])
        #expect(!again.isAuthorityNew)
        #expect(!again.isCertificateNew)
        #expect(try workspace.read(workspace.files.certificate) == before)
    }

    @Test func `a new name or force makes a new certificate under the same authority`() throws {
        let workspace = try Workspace(names: ["localhost"])
        let authority = try workspace.read(workspace.authority)
        let other = try LocalAuthority.make(in: workspace.directory, names: ["other.example.org", "localhost"])
        #expect(other.isCertificateNew)
        #expect(other.names == ["other.example.org", "localhost"])
        #expect(try LocalAuthority.make(in: workspace.directory, names: ["localhost"], force: true).isCertificateNew)
        #expect(try workspace.read(workspace.authority) == authority)
    }

    @Test(arguments: ["", "a b", "x,DNS:evil.org", "-a.org", "a..b", "*", "*.org", "a.*.org", "ä.org"])
    func `what is no host name gets no certificate`(name: String) {
        let directory = FileManager.default.temporaryDirectory.path + "/gatehouse-tls-\(UUID().uuidString)"
        #expect(throws: TLSError.self) { try LocalAuthority.make(in: directory, names: [name]) }
        #expect(!FileManager.default.fileExists(atPath: directory))
    }

    @Test func `half an authority is not overwritten`() throws {
        let workspace = try Workspace()
        try FileManager.default.removeItem(atPath: workspace.directory + "/ca.key")
        #expect(throws: TLSError.self) { try LocalAuthority.make(in: workspace.directory, names: ["localhost"]) }
        #expect(FileManager.default.fileExists(atPath: workspace.authority))
    }
}
