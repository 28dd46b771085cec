import COpenSSL
import Foundation
import Logging
import NIOCore
import Synchronization
import Testing

@testable import GatewayTLS

@Suite struct CertificateStoreTests {
    private let workspace: Workspace
    private let api: CertificateFiles
    private let wildcard: CertificateFiles

    init() throws {
        workspace = try Workspace()
        api = try workspace.addPair("api", names: ["api.example.org"])
        wildcard = try workspace.addPair("wildcard", names: ["*.example.org"])
    }

    /// The host whose certificate a client gets that asks for `name`.
    private func host(_ store: CertificateStore, asking name: String?) throws -> String? {
        let server = try TLSServer(certificates: store, applicationProtocols: [])
        // The wildcard comes last in the store and would also match what the exact names match.
        for summary in store.certificates.reversed() {
            let expected = summary.hosts[0].replacing("*", with: "wild")
            let client = try TLSClient(trust: .file(workspace.authority))
            let connection = try Connection(server, client, host: expected, serverName: name)
            if connection.clientSide.errors.isEmpty { return summary.hosts[0] }
        }
        return nil
    }

    @Test(arguments: [
        ("api.example.org", "api.example.org"), ("API.Example.ORG", "api.example.org"),
        ("other.example.org", "*.example.org"), ("a.b.example.org", "localhost"), ("example.org", "localhost"),
        ("nobody.invalid", "localhost"),
    ])
    func `the host name chooses the certificate`(asked: String, expected: String) throws {
        #expect(try host(workspace.store([api, wildcard]), asking: asked) == expected)
    }

    @Test func `without a host name clients get the default`() throws {
        let store = try workspace.store([api])
        let server = try TLSServer(certificates: store, applicationProtocols: [])
        let client = try TLSClient(trust: .file(workspace.authority))
        let connection = try Connection(server, client, host: "127.0.0.1")
        #expect(connection.clientSide.errors.isEmpty)
        #expect(connection.serverTLS.serverName == nil)
    }

    @Test func `new handshakes see a reloaded certificate, running connections stay`() throws {
        let store = try workspace.store()
        let server = try TLSServer(certificates: store, applicationProtocols: [])
        let client = try TLSClient(trust: .file(workspace.authority))
        let running = try Connection(server, client)
        try workspace.renew(names: ["fresh.example.org"])
        #expect(store.reload().isEmpty)
        let fresh = try Connection(
            server,
            TLSClient(trust: .file(workspace.authority)),
            host: "fresh.example.org"
        )
        #expect(fresh.clientSide.errors.isEmpty)
        try running.client.writeAndFlush(ByteBuffer(string: "alive")).wait()
        try running.exchange()
        #expect(running.serverSide.received == ByteBuffer(string: "alive"))
    }

    @Test func `a bad pair is refused with its file and reason, and the old one stays`() async throws {
        let logs = LogLines()
        let store = try workspace.store(logger: logs.logger)
        let before = store.certificates
        try workspace.write("-----BEGIN CERTIFICATE-----\nbroken\n", to: workspace.files.certificate)
        #expect(store.reload().map(\.file) == [workspace.files.certificate])
        #expect(store.certificates == before)
        #expect(await logs.next(with: "error", "refused", "server.pem") != nil)
    }

    @Test func `a key of another certificate is refused without showing it`() throws {
        let store = try workspace.store()
        let before = store.certificates
        let foreign = try workspace.read(api.key)
        try workspace.write(foreign, to: workspace.files.key)
        let problems = store.reload()
        #expect(problems.count == 1)
        #expect(problems[0].reason.contains("does not belong"))
        #expect(!"\(problems)".contains(foreign.split(separator: "\n")[1]))
        #expect(store.certificates == before)
    }

    @Test func `one bad pair does not keep the others from reloading`() throws {
        let store = try workspace.store([api])
        let before = store.certificates
        try workspace.write("", to: api.key)
        try workspace.renew()
        #expect(store.reload().map(\.file) == [api.key])
        #expect(store.certificates[0].fingerprint != before[0].fingerprint)
        #expect(store.certificates[1] == before[1])
    }

    /// What was added to a store, as its owner remembers it.
    private final class Added: Sendable {
        let files = Mutex<[CertificateFiles]>([])

        func store(_ first: CertificateFiles, logger: Logger = .silent) throws -> CertificateStore {
            try CertificateStore(files: [first], added: { self.files.withLock { $0 } }, logger: logger)
        }
    }

    @Test func `hosts may share a certificate's file, and each goes by itself`() throws {
        let added = Added()
        let store = try added.store(workspace.files)
        let hosts = ["A.org", "b.org"].map {
            CertificateFiles(certificate: wildcard.certificate, key: wildcard.key, hosts: [$0])
        }
        added.files.withLock { $0 = hosts }
        #expect(store.reload().isEmpty)
        #expect(store.certificates.map(\.hosts) == [["localhost", "127.0.0.1"], ["a.org"], ["b.org"]])
        #expect(store.certificates.map(\.isDefault) == [true, false, false])
        #expect(Set(store.certificates.map(\.id)).count == 3)
        #expect(["a.org", "b.org", "c.org"].map { store.pair(for: $0).files } == hosts + [workspace.files])
        added.files.withLock { $0 = [hosts[1]] }
        store.reload()
        #expect(["a.org", "b.org"].map { store.pair(for: $0).files } == [workspace.files, hosts[1]])
    }

    @Test func `an added pair that cannot be read is named, and served once it can`() async throws {
        let logs = LogLines()
        let added = Added()
        added.files.withLock { $0 = [api] }
        let good = try workspace.read(api.key)
        try workspace.write("", to: api.key)
        let store = try added.store(workspace.files, logger: logs.logger)
        #expect(store.certificates.count == 1)
        #expect(await logs.next(with: "error", "not served", "api") != nil)
        #expect(store.files == [workspace.files, api])
        try workspace.write(good, to: api.key)
        #expect(store.reload().isEmpty)
        #expect(store.pair(for: "api.example.org").files == api)
        try workspace.write("", to: api.key)
        #expect(store.reload().map(\.file) == [api.key])
        #expect(store.pair(for: "api.example.org").files == api)
    }

    @Test func `a pair of the configuration that cannot be read is an error`() throws {
        let missing = CertificateFiles(certificate: "/nonexistent.pem", key: api.key)
        #expect(throws: TLSError.self) { try workspace.store([missing]) }
    }

    @Test func `a store without a certificate is refused`() {
        #expect(throws: TLSError.self) { try CertificateStore(files: [], logger: .silent) }
    }

    @Test func `a changed file is reloaded and a near expiry is told`() async throws {
        let logs = LogLines()
        let store = try workspace.store(logger: logs.logger)
        let service = CertificateReloadService(store: store, interval: .milliseconds(5), logger: logs.logger)
        let running = Task { try await service.run() }
        let key = try PrivateKey.generate()
        let request = CertificateRequest(
            commonName: "localhost",
            key: key,
            lifetime: 10 * 86_400,
            extensions: [.init(kind: NID_subject_alt_name, value: "DNS:localhost")]
        )
        try workspace.write(key.pem, to: workspace.files.key)
        try workspace.write(Certificate.issue(request, by: nil).pem, to: workspace.files.certificate)
        #expect(await logs.next(with: "certificate replaced", "server.pem") != nil)
        #expect(await logs.next(with: "warning", "certificate expires soon", "server.pem") != nil)
        running.cancel()
        try await running.value
    }
}
