import ArgumentParser
import Curl
import Foundation
import GatewayAPI
import GatewayAdmin
import GatewayCore
import GatewayStore
import GatewayTLS
import GatewayTestKit
import Logging
import NIOPosix
import ServiceLifecycle
import Testing

@testable import gatehouse

@Suite struct AdminClientTests {
    private static let token = "token-of-the-tests"

    /// Runs the admin service on a port of the system's choice, in a folder of its own.
    ///
    /// - Parameter ready: the ready instances of every deployment, which wants one.
    private func withService(
        ready: Int = 1,
        drainLimit: Duration = AdminService.drainLimit,
        _ body: @escaping @Sendable (_ server: String, _ folder: String) async throws -> Void
    ) async throws {
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
        let readiness: @Sendable (String) -> DeploymentReadiness? = { _ in
            DeploymentReadiness(instances: 1, ready: ready)
        }
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let operations = try await Operations(store: store, readiness: readiness, logger: logger)
        let captures = try CaptureStore(path: "\(folder)/captures.db")
        let service = try AdminService(
            host: "127.0.0.1",
            port: 0,
            controlPlane: ControlPlane(
                store: store,
                receipts: try ReceiptStore(path: "\(folder)/receipts.db"),
                captures: captures,
                certificates: certificates,
                publicURL: "https://localhost:8443",
                operatorToken: Self.token,
                readiness: readiness,
                operations: operations,
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
                ),
                pulls: ModelPulls(
                    store: store,
                    operations: operations,
                    shelf: ModelShelf(root: "\(folder)/models", limit: nil, store: store, logger: logger),
                    fetch: { _, _ in throw ModelPullProblem(.unreachable, "nothing is there") },
                    logger: logger
                ),
                comparisons: Comparisons(captures: captures, send: { _ in .ended("nothing is there") }, logger: logger)
            ),
            certificates: certificates,
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            drainLimit: drainLimit,
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

    @Test(.timeLimit(.minutes(1)))
    func `a request that does not end does not keep the service from its stop`() async throws {
        try await withService(drainLimit: .milliseconds(50)) { server, folder in
            let tls = try TLSClient(trust: .file("\(folder)/ca.pem"), applicationProtocols: ["http/1.1"])
            let port = try #require(Int(server.split(separator: ":").last ?? ""))
            let client = try await RawClient.connect(port: port, tls: tls)
            let head = "host: localhost\r\nauthorization: Bearer \(Self.token)\r\n"
            try await client.send("GET /api/v1/tenants HTTP/1.1\r\n\(head)\r\n")
            #expect(try await client.answer().status == 200)
            try await client.send("PUT /api/v1/tenants/demo HTTP/1.1\r\n\(head)content-length: 100\r\n\r\n{")
            // By its answer the half request has come, too.
            let other = AdminClient(server: server, token: Self.token, authority: .file("\(folder)/ca.pem"))
            let _: ResourceList<TenantResource> = try await other.get("/api/v1/tenants")
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

    /// Makes `demo/chat/blue`.
    private func makeDeployment(_ client: AdminClient) async throws {
        let _: TenantResource = try await client.put("/api/v1/tenants/demo", TenantResource(name: "demo"))
        let path = "/api/v1/tenants/demo/endpoints/chat"
        let _: EndpointResource = try await client.put(path, EndpointResource(tenant: "demo", name: "chat"))
        var blue = DeploymentResource(tenant: "demo", endpoint: "chat", name: "blue")
        blue.upstream = UpstreamResource(urls: ["http://127.0.0.1:9000"])
        let _: DeploymentResource = try await client.put("\(path)/deployments/blue", blue)
    }

    private func run(_ line: String, _ server: String, _ folder: String) async throws {
        let access = ["--server", server, "--token", Self.token, "--ca", "\(folder)/ca.pem"]
        let words = line.split(separator: " ").map(String.init)
        var command = try #require(try Gatehouse.parseAsRoot(words + access) as? any AsyncParsableCommand)
        try await command.run()
    }

    @Test func `a wait that runs out fails in the same words for every command that waits`() async throws {
        try await withService(ready: 0) { server, folder in
            let client = AdminClient(server: server, token: Self.token, authority: .file("\(folder)/ca.pem"))
            try await makeDeployment(client)
            let operations: ResourceList<OperationResource> = try await client.list("/api/v1/operations")
            let id = try #require(operations.value.first).id
            let late = ClientError(
                "stored, but still Creating after 1 s",
                details: ["it goes on: gatehouse operations wait \(id)"]
            )
            #expect(Gatehouse.exitCode(for: late) == .failure)
            await #expect(throws: late) { try await run("operations wait \(id) --wait-time 1", server, folder) }
            for line in ["endpoints delete demo/chat", "deployments delete demo/chat/blue"] {
                let words = "\(line) --wait-time 1".split(separator: " ").map(String.init)
                let wait = try #require(try Gatehouse.parseAsRoot(words) as? any Waiting).wait
                await #expect(throws: late) { try await wait.follow(id, client) }
            }
            try await run("operations wait \(id) --no-wait", server, folder)
        }
    }

    @Test func `a deletion is an operation that is followed until it is over`() async throws {
        try await withService(ready: 0) { server, folder in
            let client = AdminClient(server: server, token: Self.token, authority: .file("\(folder)/ca.pem"))
            try await makeDeployment(client)
            for (line, resource) in [
                ("deployments delete demo/chat/blue --wait-time 5", "demo/chat/blue"),
                ("endpoints delete demo/chat", "demo/chat"),
            ] {
                try await run(line, server, folder)
                let path = "/api/v1/operations?resource=\(resource)"
                let operations: ResourceList<OperationResource> = try await client.list(path)
                #expect(operations.value.first?.status == "Succeeded")
            }
            try await makeDeployment(client)
            try await run("endpoints delete demo/chat --no-wait", server, folder)
        }
    }

    @Test func `a wrong token is told in the server's words`() async throws {
        try await withService { server, folder in
            let client = AdminClient(server: server, token: "wrong", authority: .file("\(folder)/ca.pem"))
            await #expect(
                throws: ClientError(
                    "the token given is not accepted; log in again, or give another: Authorization: Bearer TOKEN"
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

/// A command that waits.
private protocol Waiting { var wait: WaitOptions { get } }
extension EndpointDelete: Waiting {}
extension DeploymentDelete: Waiting {}
