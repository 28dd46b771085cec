import Foundation
import GatewayCore
import GatewayStore
import GatewayTLS
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore

@testable import GatewayAdmin

/// A control plane on a store and certificates of its own, in a folder that goes away with it.
final class AdminFixture {
    static let token = "operator-token-of-the-tests"

    let folder: URL
    let controlPlane: ControlPlane
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("admin-\(UUID().uuidString)")
        let certificates = folder.appendingPathComponent("certs").path
        let made = try LocalAuthority.make(in: certificates, names: ["localhost", "a.example.org"])
        let compiler = SnapshotCompiler(
            domain: nil,
            runtimeDirectory: folder.path,
            allowed: NetworkList.defaultAllowed,
            secrets: SecretResolver(),
            instances: InstanceRegistry()
        )
        controlPlane = ControlPlane(
            store: try Store(
                path: folder.appendingPathComponent("gatehouse.db").path,
                compiler: compiler,
                snapshots: SnapshotBox(.empty),
                logger: logger
            ),
            certificates: try CertificateStore(
                files: [CertificateFiles(certificate: made.certificate, key: made.key)],
                logger: logger
            ),
            publicURL: "https://localhost:8443",
            operatorToken: Self.token,
            isReady: { $0.hasSuffix("/ready") }
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

/// What an admin request was answered.
struct TestAnswer {
    let status: Int
    let headers: HTTPFields
    let text: String
}

/// Sends admin requests with the operator's token, unless told otherwise.
struct AdminTestClient {
    let client: any TestClientProtocol

    func send(
        _ method: HTTPRequest.Method,
        _ uri: String,
        _ body: String? = nil,
        authorization: String? = "Bearer \(AdminFixture.token)"
    ) async throws -> TestAnswer {
        var headers = HTTPFields()
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
