import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore
import GatewayTLS
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization

@testable import GatewayAdmin

/// A control plane on a store and certificates of its own, in a folder that goes away with it.
final class AdminFixture {
    static let token = "operator-token-of-the-tests"

    let folder: URL
    let controlPlane: ControlPlane
    /// What deployments' instances are like: ready from the start where they are called `ready`.
    let readiness = FakeReadiness()
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// - Parameters:
    ///   - allowed: private networks that upstreams may use.
    ///   - runtimes: the table of the configuration file.
    ///   - fetch: gets the files of models that are pulled.
    ///   - replay: answers captured requests that are sent once more.
    ///   - verify: whose token a bearer credential is.
    init(
        allowed: NetworkList = .defaultAllowed,
        runtimes: [RuntimeTable.Entry] = [],
        fetch: @escaping ModelFetch = { _, _ in throw ModelPullProblem(.unreachable, "nothing is there") },
        replay: @escaping @Sendable (ReplayedRequest) async -> ReplayOutcome = { _ in .ended("nothing is there") },
        verify: @escaping @Sendable (String) async -> VerifiedToken? = { _ in nil }
    ) async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("admin-\(UUID().uuidString)")
        let certificates = folder.appendingPathComponent("certs").path
        let made = try LocalAuthority.make(in: certificates, names: ["localhost", "a.example.org"])
        let compiler = SnapshotCompiler(
            domain: nil,
            runtimeDirectory: folder.path,
            allowed: allowed,
            secrets: SecretResolver(env: ["BACKEND_KEY"], environment: ["BACKEND_KEY": "canary-of-the-owner"]),
            instances: InstanceRegistry(),
            access: AccessCompiler(),
            tenantRule: TenantRule(networks: ["demo": NetworkList(known: ["10.0.0.0/8"])])
        )
        let store = try Store(
            path: folder.appendingPathComponent("gatehouse.db").path,
            compiler: compiler,
            snapshots: SnapshotBox(.empty),
            logger: logger
        )
        let readiness: @Sendable (String) -> DeploymentReadiness? = { [readiness] path in readiness.of(path) }
        let operations = try await Operations(store: store, readiness: readiness, logger: logger)
        let models = folder.appendingPathComponent("models").path
        let captures = try CaptureStore(path: folder.appendingPathComponent("captures.db").path)
        controlPlane = ControlPlane(
            store: store,
            receipts: try ReceiptStore(path: folder.appendingPathComponent("receipts.db").path),
            captures: captures,
            certificates: try CertificateStore(
                files: [CertificateFiles(certificate: made.certificate, key: made.key)],
                added: { store.certificates().map(\.files) },
                logger: logger
            ),
            publicURL: "https://localhost:8443",
            operatorToken: Self.token,
            readiness: readiness,
            operations: operations,
            collaborators: Self.collaborators(verify),
            azure: AzureDialect(
                artifacts: models,
                runtimes: RuntimeTable(runtimes),
                adminURL: "https://localhost:8444",
                endpointToken: { tenant, endpoint, subject in
                    AzureDialect.EndpointToken(
                        text: "\(tenant) \(endpoint) \(subject)",
                        expiresAt: 3600,
                        refreshAt: 1800
                    )
                }
            ),
            pulls: ModelPulls(
                store: store,
                operations: operations,
                shelf: ModelShelf(root: models, limit: nil, store: store, logger: logger),
                fetch: fetch,
                logger: logger
            ),
            comparisons: Comparisons(captures: captures, send: replay, logger: logger)
        )
    }

    /// Stand-ins that say what they were asked.
    private static func collaborators(
        _ verify: @escaping @Sendable (String) async -> VerifiedToken?
    ) -> ControlPlane.Collaborators {
        ControlPlane.Collaborators(
            limitStatus: { subject in
                [LimitStateResource(policy: "\(subject)", limit: 10, used: 4, remaining: 6)]
            },
            webhookTest: { tenant, name in
                name == "deaf"
                    ? WebhookAnswer(status: nil, error: "nobody answers", milliseconds: 9)
                    : WebhookAnswer(status: 200, error: nil, milliseconds: 7)
            },
            webhookDeliveries: { _, _ in [] },
            issuer: { request in
                let text = "\(request.method) \(request.path) \(request.contentType ?? "-") "
                return IssuerHTTPAnswer(
                    status: 200,
                    fields: [IssuerHTTPAnswer.Field(name: "content-type", value: "application/json")],
                    body: Array(text.utf8) + request.body
                )
            },
            instances: { path in
                [
                    InstanceResource(
                        url: "http://\(path)",
                        isReady: false,
                        lastProbe: "readiness: GET /ready answered 503"
                    )
                ]
            },
            deploymentLogs: { path, _, tail in
                (0..<tail).map { LogLineResource(time: "2026-12-31T18:00:00Z", line: "\(path) \($0)") }
            },
            metrics: {
                let samples = [("demo", 1), ("rival", 2)].map { tenant, count in
                    MetricFamily.Sample([.init("tenant", tenant)], .count(count))
                }
                return [
                    MetricFamily(.counter, "requests", "All.", samples),
                    MetricFamily(.gauge, "open", "All.", [.init([], .count(7))]),
                ]
            },
            verify: verify
        )
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// Sends requests to the routes, without a socket.
    func withClient(_ body: @escaping @Sendable (AdminTestClient) async throws -> Void) async throws {
        let application = Application(router: Routes(controlPlane: controlPlane, logger: logger).router())
        try await application.test(.router) { try await body(AdminTestClient(client: $0)) }
    }
}

/// Says of deployments what a test has told it.
final class FakeReadiness: Sendable {
    private let told = Mutex<[String: DeploymentReadiness]>([:])

    func set(_ deployment: String, ready: Int, replaced: Int = 0, lastAnswer: String? = nil) {
        let readiness = DeploymentReadiness(instances: 2, ready: ready, replaced: replaced, lastAnswer: lastAnswer)
        told.withLock { $0[deployment] = readiness }
    }

    func of(_ deployment: String) -> DeploymentReadiness {
        told.withLock { $0[deployment] }
            ?? DeploymentReadiness(instances: 1, ready: deployment.hasSuffix("/ready") ? 1 : 0)
    }
}

/// What an admin request was answered.
struct TestAnswer {
    let status: Int
    let headers: HTTPFields
    let text: String

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}

/// Sends admin requests with the operator's token, unless told otherwise.
struct AdminTestClient {
    let client: any TestClientProtocol

    func send(
        _ method: HTTPRequest.Method,
        _ uri: String,
        _ body: String? = nil,
        headers more: HTTPFields = [:],
        authorization: String? = "Bearer \(AdminFixture.token)"
    ) async throws -> TestAnswer {
        var headers = more
        if let authorization { headers[.authorization] = authorization }
        return try await client.execute(
            uri: uri,
            method: method,
            headers: headers,
            body: body.map { ByteBuffer(string: $0) }
        ) { response in
            TestAnswer(
                status: response.status.code,
                headers: response.headers,
                text: String(buffer: response.body)
            )
        }
    }
}

extension AdminTestClient {
    /// The tenant `demo` with the endpoint `chat` and its deployment `blue`.
    func prepare() async throws {
        _ = try await send(.put, "/api/v1/tenants/demo", "{}")
        _ = try await send(.put, "/api/v1/tenants/demo/endpoints/chat", "{}")
        let upstream = #"{"upstream":{"urls":["http://127.0.0.1:9000"]}}"#
        _ = try await send(.put, "/api/v1/tenants/demo/endpoints/chat/deployments/blue", upstream)
    }

    func get<Value: Decodable>(_ type: Value.Type, _ uri: String) async throws -> Value {
        try await send(.get, uri).decode(type)
    }

    /// Puts a resource and gives what was answered.
    func put<Value: Codable>(_ uri: String, _ value: Value) async throws -> Value {
        let body = String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
        return try await send(.put, uri, body).decode(Value.self)
    }
}
