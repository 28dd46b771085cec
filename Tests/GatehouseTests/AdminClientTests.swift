import Curl
import Foundation
import GatewayAPI
import GatewayAdmin
import GatewayCore
import GatewayStore
import GatewayTLS
import Logging
import NIOPosix
import ServiceLifecycle
import Testing

@testable import gatehouse

@Suite struct AdminClientTests {
    private static let token = "token-of-the-tests"

    /// Runs the admin service on a port of the system's choice, in a folder of its own.
    private func withService(_ body: @escaping @Sendable (_ server: String, _ folder: String) async throws -> Void)
        async throws
    {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("client-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let made = try LocalAuthority.make(in: folder, names: ["localhost", "127.0.0.1"])
        let files = CertificateFiles(certificate: made.certificate, key: made.key)
        let certificates = try CertificateStore(files: [files], logger: logger)
        let compiler = SnapshotCompiler(
            domain: nil,
            runtimeDirectory: folder,
            allowed: NetworkList.defaultAllowed,
            secrets: SecretResolver(),
            instances: InstanceRegistry(),
            access: AccessCompiler()
        )
        let store = try Store(
            path: "\(folder)/gatehouse.db",
            compiler: compiler,
            snapshots: SnapshotBox(.empty),
            logger: logger
        )
        let readiness: @Sendable (String) -> DeploymentReadiness? = { _ in DeploymentReadiness(instances: 1, ready: 1) }
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let service = try AdminService(
            host: "127.0.0.1",
            port: 0,
            controlPlane: ControlPlane(
                store: store,
                receipts: try ReceiptStore(path: "\(folder)/receipts.db"),
                certificates: certificates,
                publicURL: "https://localhost:8443",
                operatorToken: Self.token,
                readiness: readiness,
                operations: try await Operations(store: store, readiness: readiness, logger: logger),
                collaborators: ControlPlane.Collaborators(
                    limitStatus: { _ in [] },
                    webhookTest: { _, _ in WebhookAnswer(status: 200, error: nil, milliseconds: 1) },
                    webhookDeliveries: { _, _ in [] },
                    issuer: { _ in IssuerHTTPAnswer(status: 404) },
                    verify: { _ in nil }
                ),
                azure: AzureDialect(
                    artifacts: "\(folder)/models",
                    runtimes: RuntimeTable(),
                    adminURL: "https://127.0.0.1",
                    endpointToken: { _, _, _ in nil }
                )
            ),
            certificates: certificates,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: logger,
            onRunning: { announce.yield($0) }
        )
        let services = ServiceGroup(services: [service], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            try await body("https://127.0.0.1:\(port)", folder)
            // The client's connection is still open: a graceful stop does not wait for it.
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }

    @Test func `the client reaches the service over TLS`() async throws {
        try await withService { server, folder in
            let client = AdminClient(server: server, token: Self.token, authority: .file("\(folder)/ca.pem"))
            let made: TenantResource = try await client.put("/api/v1/tenants/demo", TenantResource(name: "demo"))
            #expect(made.name == "demo")
            let list: ResourceList<TenantResource> = try await client.get("/api/v1/tenants")
            #expect(list.value == [made])
            try await client.delete("/api/v1/tenants/demo")
            await #expect(throws: ClientError.self) { try await client.delete("/api/v1/tenants/demo") }
        }
    }

    @Test func `what is not there is told apart from what fails`() async throws {
        try await withService { server, folder in
            let client = AdminClient(server: server, token: Self.token, authority: .file("\(folder)/ca.pem"))
            #expect(try await client.find("/api/v1/tenants/demo", as: TenantResource.self) == nil)
            _ = try await client.put("/api/v1/tenants/demo", TenantResource(name: "demo")) as TenantResource
            let changed: TenantResource = try await client.change("/api/v1/tenants/demo") { $0.subscription = "s" }
            #expect(changed.subscription == "s")
            #expect(try await client.find("/api/v1/tenants/demo") == changed)
            let text = try await client.text("/api/v1/tenants/demo/usage?by=day", accept: "text/csv")
            #expect(text.hasPrefix("day,requests,"))
            let wrong = AdminClient(server: server, token: "wrong", authority: .file("\(folder)/ca.pem"))
            await #expect(throws: ClientError.self) {
                try await wrong.find("/api/v1/tenants/demo", as: TenantResource.self)
            }
        }
    }

    @Test func `what somebody else has changed in between is not overwritten`() async throws {
        try await withService { server, folder in
            let client = AdminClient(server: server, token: Self.token, authority: .file("\(folder)/ca.pem"))
            let path = "/api/v1/tenants/demo"
            let demo: TenantResource = try await client.put(path, TenantResource(name: "demo"))
            await #expect(throws: ClientError.self) {
                let _: TenantResource = try await client.change(path) { tenant in
                    var other = demo
                    other.subscription = "theirs"
                    let _: TenantResource = try await client.put(path, other)
                    tenant.subscription = "ours"
                }
            }
            #expect(try await client.get(path, as: TenantResource.self).subscription == "theirs")
        }
    }

    @Test func `a wrong token is told in the server's words`() async throws {
        try await withService { server, folder in
            let client = AdminClient(server: server, token: "wrong", authority: .file("\(folder)/ca.pem"))
            await #expect(
                throws: ClientError(
                    "an operator's token is needed: Authorization: Bearer TOKEN (operator.token beside the store is one)"
                )
            ) {
                try await client.get("/api/v1/tenants", as: ResourceList<TenantResource>.self)
            }
        }
    }

    @Test func `an unknown authority is refused`() async throws {
        try await withService { server, _ in
            let client = AdminClient(server: server, token: Self.token, authority: .system)
            await #expect(throws: ClientError.self) {
                try await client.get("/api/v1/tenants", as: ResourceList<TenantResource>.self)
            }
        }
    }

    @Test func `nobody listening is told with what to do`() async throws {
        let client = AdminClient(server: "https://127.0.0.1:1", token: "t", authority: .system)
        do {
            _ = try await client.get("/healthz", as: TenantResource.self)
            Issue.record("there is nothing to answer")
        } catch let error as ClientError {
            #expect(error.details == ["is gatehouse serve running?"])
        }
    }
}
