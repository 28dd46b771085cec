import Foundation
import GatewayCore
import GatewayStore
import Logging
import Synchronization
import Testing

@testable import gatehouse

@Suite struct ExpiryRuleTests {
    private static let day: Int64 = 86_400
    private static let expiry = Expiry(kind: .key, tenant: "demo", name: "ci", expiresAt: 100 * day)

    private func told(_ days: Int?, expiresAt: Int64 = 100 * day) -> WebhookNotice? {
        days.map { WebhookNotice(tenant: "demo", subject: "key/ci", expiresAt: expiresAt, days: $0) }
    }

    @Test(
        arguments: [
            (31 * day, nil, nil), (30 * day, nil, 30), (30 * day, 30, nil), (8 * day, 30, nil), (7 * day, 30, 7),
            (7 * day - 1, 7, nil), (day, 7, 1), (1, 1, nil), (0, 1, 0), (-day, 0, nil), (-day, nil, 0),
            (-30 * day, 1, 0), (-30 * day, nil, nil), (3 * day, nil, 7),
        ] as [(Int64, Int?, Int?)]
    )
    func `each stage is told once`(left: Int64, told: Int?, expected: Int?) {
        let notice = ExpiryRule.notice(of: Self.expiry, told: self.told(told), now: 100 * Self.day - left)
        #expect(notice?.days == expected)
    }

    @Test func `what was renewed is told anew`() {
        let old = told(1, expiresAt: 50 * Self.day)
        #expect(ExpiryRule.notice(of: Self.expiry, told: old, now: 80 * Self.day)?.days == 30)
    }

    @Test func `the horizon reaches the first stage`() {
        #expect(ExpiryRule.horizon > 30 * Self.day)
    }
}

@Suite struct ExpiryWatchTests {
    private static let day: Int64 = 86_400
    private static let start: Int64 = 1_763_700_000
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("expiry-\(UUID().uuidString)")

    /// The names and stages told so far, from the receivers' point of view.
    private func events(in store: WebhookStore, of tenant: String = "demo") async throws -> [String] {
        try await store.deliveries(of: WebhookName(tenant: tenant, name: "ops")).reversed().map(\.type)
    }

    private func definitions() -> Definitions {
        let digest = KeyDigest(of: "canary")
        return Definitions(
            tenants: [TenantDefinition(name: "demo"), TenantDefinition(name: "acme")],
            endpoints: [
                EndpointDefinition(tenant: "acme", name: "chat", hosts: ["chat.acme.example"])
            ],
            namedKeys: [
                NamedKey(
                    tenant: "demo",
                    name: "ci",
                    digest: digest,
                    expiresAt: Self.start + 20 * Self.day,
                    createdAt: 0
                ),
                NamedKey(tenant: "demo", name: "eternal", digest: digest, createdAt: 0),
                NamedKey(
                    tenant: "demo",
                    name: "off",
                    digest: digest,
                    expiresAt: Self.start,
                    isDisabled: true,
                    createdAt: 0
                ),
            ],
            principals: [
                Principal(
                    tenant: "acme",
                    clientID: "6f1c4c1e-0000-4000-8000-000000000001",
                    name: "batch",
                    secrets: [Principal.Secret(id: "s1", digest: digest, expiresAt: Self.start + 3600)]
                )
            ],
            webhooks: [
                WebhookDefinition(tenant: "demo", name: "ops", url: "https://demo.example"),
                WebhookDefinition(tenant: "acme", name: "ops", url: "https://acme.example"),
            ]
        )
    }

    private func watch(_ store: WebhookStore, _ definitions: Definitions, at seconds: Int64) -> ExpiryWatch {
        ExpiryWatch.keys(
            definitions: { definitions },
            store: store,
            outbox: WebhookOutbox(),
            now: { seconds * 1000 },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    @Test func `keys and secrets are told ahead, each stage once, also over restarts`() async throws {
        let path = folder.appendingPathComponent("webhooks.db").path
        for hours in stride(from: Int64(0), through: 24 * 22, by: 6) {
            // Another process each time, as far as the file knows.
            let store = try WebhookStore(path: path)
            try await watch(store, definitions(), at: Self.start + hours * 3600).check()
        }
        let store = try WebhookStore(path: path)
        #expect(
            try await events(in: store) == ["key.expiring", "key.expiring", "key.expiring", "key.expired"]
        )
        #expect(try await events(in: store, of: "acme") == ["key.expiring", "key.expired"])
    }

    @Test func `what is told holds no secret and says what to renew`() async throws {
        let store = try WebhookStore(path: folder.appendingPathComponent("webhooks.db").path)
        try await watch(store, definitions(), at: Self.start).check()
        let opening = WebhookStore.Opening(webhook: WebhookName(tenant: "acme", name: "ops"), count: 1)
        let delivery = try #require(
            try await store.due([opening], except: [], now: .max / 2).deliveries.first
        )
        #expect(delivery.body.contains(#""kind":"principal-secret""#))
        #expect(delivery.body.contains(#""name":"6f1c4c1e-0000-4000-8000-000000000001""#))
        #expect(delivery.body.contains(#""secretId":"s1""#))
        #expect(delivery.body.contains(#""expiresAt":"2025-11-21T05:40:00Z""#))
        #expect(delivery.body.contains(#""daysLeft":1"#))
    }

    @Test func `a renewed or deleted key is forgotten`() async throws {
        let store = try WebhookStore(path: folder.appendingPathComponent("webhooks.db").path)
        var definitions = definitions()
        try await watch(store, definitions, at: Self.start).check()
        #expect(try await store.notices().count == 2)
        definitions.namedKeys[0].expiresAt = Self.start + 300 * Self.day
        try await watch(store, definitions, at: Self.start).check()
        #expect(try await store.notices().map(\.tenant) == ["acme"])
        definitions.principals = []
        try await watch(store, definitions, at: Self.start).check()
        #expect(try await store.notices().isEmpty)
    }

    @Test func `a certificate is told to the tenants on its host, the gateway's own to all`() async throws {
        let store = try WebhookStore(path: folder.appendingPathComponent("webhooks.db").path)
        let definitions = definitions()
        try await watch(store, Definitions(), at: Self.start).check()
        let certificates = [
            HostCertificate(host: "gateway.example", notAfter: Self.start + 6 * Self.day, isShared: true),
            HostCertificate(host: "*.acme.example", notAfter: Self.start + 20 * Self.day, isShared: false),
            HostCertificate(host: "unclaimed.example", notAfter: Self.start, isShared: false),
            HostCertificate(host: "fresh.example", notAfter: Self.start + 80 * Self.day, isShared: true),
        ]
        let watch = ExpiryWatch.certificates(
            { certificates },
            definitions: { definitions },
            store: store,
            outbox: WebhookOutbox(),
            now: { Self.start * 1000 },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        try await watch.check()
        try await watch.check()
        #expect(try await events(in: store) == ["certificate.expiring"])
        #expect(try await events(in: store, of: "acme") == ["certificate.expiring", "certificate.expiring"])
        // The watch of keys leaves the certificates' notices alone.
        try await self.watch(store, Definitions(), at: Self.start).check()
        #expect(try await store.notices().count == 3)
    }
}
