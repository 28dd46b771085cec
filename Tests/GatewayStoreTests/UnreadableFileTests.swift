import Foundation
import GatewayCore
import Testing

@testable import GatewayStore

/// A file of one deployment that cannot be read any more.
@Suite struct UnreadableFileTests {
    /// A folder with a secret and an authority that `demo/chat/green` refers to.
    private final class Files: Sendable {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("files-\(UUID().uuidString)")

        init() throws {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try write()
        }

        deinit { remove() }

        var secret: String { folder.appendingPathComponent("secret").path }
        var authority: String { folder.appendingPathComponent("ca.pem").path }

        func write() throws {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for path in [secret, authority] { try "one\n".write(toFile: path, atomically: true, encoding: .utf8) }
        }

        func remove() { try? FileManager.default.removeItem(at: folder) }

        var green: DeploymentDefinition {
            var green = DeploymentDefinition.green
            green.serving = .upstream(
                UpstreamDefinition(
                    urls: ["http://a.b"],
                    headers: [UpstreamHeader(name: "api-key", value: "${file:\(secret)}")],
                    certificateAuthority: authority
                )
            )
            return green
        }
    }

    private static func served(_ snapshot: Snapshot) -> Deployment? {
        snapshot.tenants["demo"]?.endpoints["chat"]?.deployments.first { $0.name == "green" }
    }

    @Test func `it keeps nobody from changing anything else, and what it is of goes on as before`() async throws {
        let files = try Files()
        let temporary = try await TemporaryStore(secretFiles: [files.folder.path]).configured()
        _ = try await temporary.store.putDeployment(files.green)
        let before = try #require(Self.served(temporary.snapshots.current))
        files.remove()
        _ = try await temporary.store.putTenant(TenantDefinition(name: "other"))
        _ = try await temporary.store.putEndpoint(EndpointDefinition(tenant: "other", name: "chat"))
        try await temporary.store.refresh()
        #expect(Self.served(temporary.snapshots.current) === before)
        var changed = files.green
        changed.description = "changed"
        let refused = changed
        let error = await #expect(throws: StoreError.self) { try await temporary.store.putDeployment(refused) }
        #expect(error?.description.contains("ca.pem") == true)
    }

    @Test func `the gateway starts without it, and serves the deployment when it is there again`() async throws {
        let files = try Files()
        let temporary = try await TemporaryStore(secretFiles: [files.folder.path]).configured()
        _ = try await temporary.store.putDeployment(files.green)
        files.remove()
        let store = try temporary.reopened(secretFiles: [files.folder.path])
        let out = try #require(Self.served(store.contents.snapshot))
        #expect(out.instances.isEmpty && out.headers.isEmpty && out.pickInstance() == nil)
        #expect(store.definitions == temporary.store.definitions)
        try await store.refresh()
        #expect(Self.served(store.contents.snapshot)?.instances.isEmpty == true)
        try files.write()
        try await store.refresh()
        let back = try #require(Self.served(store.contents.snapshot))
        #expect(back.instances.count == 1 && back.headers.first?.value == "one")
    }

    @Test func `a deployment that is new, or checked before a start, needs its files`() throws {
        let files = try Files()
        files.remove()
        var definitions = Definitions()
        definitions.tenants = [TenantDefinition(name: "demo")]
        definitions.endpoints = [EndpointDefinition(tenant: "demo", name: "chat")]
        definitions.deployments = [files.green]
        let refused = definitions
        #expect(throws: StoreError.self) {
            try TemporaryStore.compiler(secretFiles: [files.folder.path]).compile(refused)
        }
    }
}
