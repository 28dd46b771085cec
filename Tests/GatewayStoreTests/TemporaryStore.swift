import Foundation
import GatewayCore
import Logging
import Synchronization

@testable import GatewayStore

/// A store in a folder of its own, removed with it.
final class TemporaryStore: Sendable {
    static let environment = ["BACKEND_KEY": "canary-of-the-environment"]

    let folder: URL
    let snapshots = SnapshotBox(.empty)
    let store: Store
    let changes = ChangeLog()

    init(allowed: NetworkList = .defaultAllowed, secretFiles: Set<String> = []) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)")
        let changes = changes
        store = try Store(
            path: folder.appendingPathComponent("gatehouse.db").path,
            compiler: Self.compiler(allowed: allowed, secretFiles: secretFiles),
            snapshots: snapshots,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            environment: [:],
            onChange: { changes.append($0) }
        )
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    var path: String { folder.appendingPathComponent("gatehouse.db").path }

    static func compiler(allowed: NetworkList = .defaultAllowed, secretFiles: Set<String> = []) -> SnapshotCompiler {
        // Plain http only from one address, as `issuers.allow_http` says.
        let access = AccessCompiler(allowsPlainHTTP: { $0.hasPrefix("http://127.0.0.1:9999/") })
        return SnapshotCompiler(
            domain: nil,
            runtimeDirectory: "/run/gatehouse",
            allowed: allowed,
            secrets: SecretResolver(env: ["BACKEND_KEY", "UNSET"], files: secretFiles, environment: environment),
            instances: InstanceRegistry(),
            access: access
        )
    }

    /// What another process finds in the files now.
    func reopened(secretFiles: Set<String> = []) throws -> Store {
        try Store(
            path: path,
            compiler: Self.compiler(secretFiles: secretFiles),
            snapshots: SnapshotBox(.empty),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            environment: [:]
        )
    }

    /// Tenant `demo` with the endpoint `chat`, 90 % on `blue`, 10 % on `green`.
    func configured() async throws -> TemporaryStore {
        _ = try await store.apply(.demo, prune: false, dryRun: false)
        return self
    }

    /// And one of everything that says who may call.
    func withAccess() async throws -> TemporaryStore {
        _ = try await store.createNamedKey("demo", "app-one", .narrow)
        _ = try await store.rotateNamedKey("demo", "app-one", grace: 3600)
        let principal = try await store.createPrincipal("demo", name: "robot")
        _ = try await store.addPrincipalSecret("demo", principal.clientID, expiresAt: nil)
        _ = try await store.putIssuer(.entra)
        _ = try await store.putRole(.callers)
        _ = try await store.putWebhook(.alarms)
        _ = try await store.putOperator("alice", role: .admin, tenant: "demo", password: nil)
        _ = try await store.issueOperatorToken("alice", expiresAt: nil)
        return self
    }
}

extension KeyTerms {
    static let narrow = KeyTerms(
        endpoints: ["chat"],
        forms: [.openAI, .azureOpenAI],
        expiresAt: 4_000_000_000,
        allowedNetworks: ["10.0.0.0/8", "2001:db8::/32"],
        rules: UsageRules(
            limits: [
                LimitRule(.requests, 600, per: .minute, burst: 10, isByAddress: true),
                LimitRule(.concurrent, 4, isWarnOnly: true),
            ],
            quotas: [QuotaRule(.cost, 5_000_000, per: .month, timeZone: "Europe/Berlin", isWarnOnly: true)]
        ),
        queueWeight: 7
    )
}

extension TrustedIssuer {
    static let entra = TrustedIssuer(
        tenant: "demo",
        name: "entra",
        issuers: ["https://sts.windows.net/1/", "https://login.microsoftonline.com/1/v2.0"],
        audiences: ["https://ml.azure.com"],
        directoryID: "1",
        discoveryURL: "https://login.microsoftonline.com/1/v2.0/.well-known/openid-configuration"
    )
}

extension RoleAssignment {
    static let callers = RoleAssignment(
        tenant: "demo",
        name: "callers",
        role: .invoke,
        subject: .group("0193a1b2"),
        issuer: "entra",
        endpoints: ["chat"],
        proofs: [.secret, .certificate]
    )
}

extension WebhookDefinition {
    static let alarms = WebhookDefinition(
        tenant: "demo",
        name: "alarms",
        url: "https://hooks.example.org/in?team=a",
        events: ["quota.threshold"],
        headers: [
            UpstreamHeader(name: "authorization", value: "Bearer ${env:BACKEND_KEY}"),
            UpstreamHeader(name: "x-static", value: "canary-of-a-webhook"),
        ]
    )
}

/// What `onChange` was told.
final class ChangeLog: Sendable {
    private let kept = Mutex<[StoreContents]>([])

    func append(_ contents: StoreContents) { kept.withLock { $0.append(contents) } }

    var count: Int { kept.withLock { $0.count } }
}

extension ApplyDocuments {
    static let demo = ApplyDocuments(
        endpoints: [
            EndpointDefinition(
                tenant: "demo",
                name: "chat",
                description: "Talks",
                traffic: ["blue": 90, "green": 10],
                modelNames: ["gpt-4.1-mini", "meta-llama/Llama-3-8B"],
                hosts: ["chat.example.org"],
                tags: ["team": "a"],
                properties: ["x": "y"]
            )
        ],
        deployments: [.blue, .green]
    )
}

extension DeploymentDefinition {
    static let blue = DeploymentDefinition(
        tenant: "demo",
        endpoint: "chat",
        name: "blue",
        serving: .upstream(
            UpstreamDefinition(
                urls: ["http://127.0.0.1:9000/base", "unix:/run/backend.sock"],
                model: "Qwen/Qwen2.5-7B-Instruct",
                headers: [
                    UpstreamHeader(name: "authorization", value: "Bearer ${env:BACKEND_KEY}"),
                    UpstreamHeader(name: "x-static", value: "canary-of-a-header"),
                ]
            )
        ),
        settings: RequestSettings(timeoutMilliseconds: 60_000),
        model: ModelReference(name: "qwen", version: nil),
        instanceType: "Standard_DS3_v2",
        environmentVariables: ["TOKEN": "canary-of-a-variable"],
        tags: ["colour": "blue"],
        properties: ["p": "q"]
    )

    static let green = DeploymentDefinition(
        tenant: "demo",
        endpoint: "chat",
        name: "green",
        serving: .upstream(UpstreamDefinition(urls: ["https://models.example.net/v1"]))
    )

    static let local = DeploymentDefinition(
        tenant: "demo",
        endpoint: "chat",
        name: "local",
        serving: .native(NativeDefinition(slots: 2, context: 4096, threads: 1)),
        model: ModelReference(name: "smollm2", version: nil)
    )
}

extension ModelRegistration {
    static func smollm2(version: String? = nil, digit: String = "a") -> ModelRegistration {
        ModelRegistration(
            tenant: "demo",
            name: "smollm2",
            version: version,
            path: "/models/\(digit).gguf",
            sha256: String(repeating: digit, count: 64),
            size: 100
        )
    }
}

/// The problems of a change that is refused as invalid.
func problems(_ body: () async throws -> Void) async -> [Problem.Code] {
    do {
        try await body()
    } catch StoreError.invalid(let problems) {
        return problems.map(\.code)
    } catch {}
    return []
}

extension EndpointDefinition {
    /// As it was described: the store notes when it was made.
    var described: EndpointDefinition {
        var endpoint = self
        endpoint.createdAt = 0
        return endpoint
    }
}
