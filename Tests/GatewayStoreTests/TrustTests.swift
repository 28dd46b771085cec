import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct TrustTests {
    @Test func `everything that says who may call comes back after a restart`() async throws {
        let temporary = try await TemporaryStore().configured().withAccess()
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
        #expect(try temporary.reopened().issuer("demo", "entra") == .entra)
        #expect(try temporary.reopened().role("demo", "callers") == .callers)
        #expect(temporary.snapshots.current.tenants["demo"]?.roles == [.callers])
    }

    @Test func `the barest of everything comes back after a restart`() async throws {
        let temporary = try await TemporaryStore().configured()
        let store = temporary.store
        _ = try await store.putTenant(TenantDefinition(name: "bare"))
        _ = try await store.putIssuer(
            TrustedIssuer(
                tenant: "bare",
                name: "some",
                issuers: ["https://i.example"],
                audiences: ["a"],
                keysURL: "https://i.example/keys"
            )
        )
        _ = try await store.putRole(RoleAssignment(tenant: "bare", name: "any", role: .invoke, subject: .subject("s")))
        _ = try await store.putWebhook(WebhookDefinition(tenant: "bare", name: "hook", url: "https://h.example/"))
        _ = try await store.createPrincipal("bare", name: "robot")
        #expect(try temporary.reopened().role("bare", "any").issuer == nil)
        #expect(try temporary.reopened().definitions == store.definitions)
    }

    @Test(arguments: [
        RoleAssignment.Subject.subject("a"), .application("b"), .group("c"), .applicationRole("d"), .scope("e f"),
        .managedIdentity("/subscriptions/1"),
    ])
    func `every kind of subject is kept`(subject: RoleAssignment.Subject) async throws {
        let temporary = try await TemporaryStore().configured()
        let role = RoleAssignment(
            tenant: "demo",
            name: "some",
            role: .keyAdmin,
            subject: subject,
            issuer: RoleAssignment.builtInIssuer,
            proofs: [.none]
        )
        #expect(try await temporary.store.putRole(role) == .created)
        #expect(try await temporary.store.putRole(role) == .unchanged)
        #expect(try temporary.reopened().role("demo", "some") == role)
        try await temporary.store.deleteRole("demo", "some")
        #expect(try temporary.reopened().roles(of: "demo").isEmpty)
    }

    @Test func `an issuer stays while a role names it`() async throws {
        let temporary = try await TemporaryStore().configured().withAccess()
        await #expect(throws: StoreError.self) { try await temporary.store.deleteIssuer("demo", "entra") }
        try await temporary.store.deleteRole("demo", "callers")
        try await temporary.store.deleteIssuer("demo", "entra")
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
    }

    @Test func `another tenant's issuers, roles, keys and principals do not exist`() async throws {
        let temporary = try await TemporaryStore().configured().withAccess()
        let store = temporary.store
        _ = try await store.putTenant(TenantDefinition(name: "other"))
        let client = try #require(store.definitions.principals.first?.clientID)
        #expect(throws: StoreError.notFound(resource: "other/issuers/entra")) { try store.issuer("other", "entra") }
        #expect(throws: StoreError.notFound(resource: "other/roles/callers")) { try store.role("other", "callers") }
        #expect(throws: StoreError.notFound(resource: "other/keys/app-one")) { try store.namedKey("other", "app-one") }
        #expect(throws: StoreError.notFound(resource: "other/webhooks/alarms")) { try store.webhook("other", "alarms") }
        #expect(throws: StoreError.self) { try store.principal("other", client) }
        await #expect(throws: StoreError.self) { try await store.deletePrincipal("other", client) }
        await #expect(throws: StoreError.self) { try await store.addPrincipalSecret("other", client, expiresAt: nil) }
        await #expect(throws: StoreError.self) { try await store.revokeNamedKey("other", "app-one") }
        await #expect(throws: StoreError.self) { try await store.webhookSecret("other", "alarms") }
        #expect(try store.namedKeys(of: "other").isEmpty && store.roles(of: "other").isEmpty)
    }

    @Test func `a principal's secrets come and go by themselves`() async throws {
        let temporary = try await TemporaryStore().configured()
        let store = temporary.store
        let principal = try await store.createPrincipal("demo", name: "robot")
        let one = try await store.addPrincipalSecret("demo", principal.clientID, expiresAt: nil)
        let two = try await store.addPrincipalSecret("demo", principal.clientID, expiresAt: 2000, at: 1999)
        let found = try #require(store.principal(clientID: principal.clientID))
        #expect(found.secrets.map(\.digest) == [KeyDigest(of: one.secret), KeyDigest(of: two.secret)])
        #expect(found.secrets.map(\.expiresAt) == [nil, 2000])
        try await store.removePrincipalSecret("demo", principal.clientID, one.id)
        #expect(try store.principal("demo", principal.clientID).secrets.map(\.id) == [two.id])
        #expect(try await store.setPrincipal("demo", principal.clientID, isDisabled: true) == .updated)
        #expect(try await store.setPrincipal("demo", principal.clientID, isDisabled: true) == .unchanged)
        #expect(try temporary.reopened().definitions == store.definitions)
        let late = await problems {
            _ = try await store.addPrincipalSecret("demo", principal.clientID, expiresAt: 2000, at: 2000)
        }
        #expect(late == [.invalidExpiry])
        try await store.deletePrincipal("demo", principal.clientID)
        #expect(try temporary.reopened().principals(of: "demo").isEmpty)
    }

    @Test func `a principal has at most eight secrets, and a client id belongs to one`() async throws {
        let store = try await TemporaryStore().configured().store
        let principal = try await store.createPrincipal("demo", name: "robot")
        for _ in 0..<8 { _ = try await store.addPrincipalSecret("demo", principal.clientID, expiresAt: nil) }
        let codes = await problems {
            _ = try await store.addPrincipalSecret("demo", principal.clientID, expiresAt: nil)
        }
        #expect(codes == [.tooMany])
        _ = try await store.putTenant(TenantDefinition(name: "other"))
        await #expect(throws: StoreError.self) {
            try await store.createPrincipal("other", name: "thief", clientID: principal.clientID)
        }
    }

    @Test func `a webhook keeps its signing secret through changes`() async throws {
        let temporary = try await TemporaryStore().configured().withAccess()
        let secret = try await temporary.store.webhookSecret("demo", "alarms")
        #expect(WebhookSecret(secret) != nil)
        var changed = WebhookDefinition.alarms
        changed.url = "https://other.example.org/"
        #expect(try await temporary.store.putWebhook(changed) == .updated)
        #expect(try await temporary.reopened().webhookSecret("demo", "alarms") == secret)
        let target = try await temporary.store.webhookTarget("demo", "alarms")
        #expect(target.url == changed.url && target.secret == secret)
        #expect(target.headers.map(\.value) == ["Bearer canary-of-the-environment", "canary-of-a-webhook"])
        try await temporary.store.deleteWebhook("demo", "alarms")
        _ = try await temporary.store.putWebhook(changed)
        #expect(try await temporary.store.webhookSecret("demo", "alarms") != secret)
    }

    @Test func `a webhook's references must have values when it is put`() async throws {
        let store = try await TemporaryStore().configured().store
        var webhook = WebhookDefinition.alarms
        webhook.headers = [UpstreamHeader(name: "x-a", value: "${env:HOME}")]
        let refused = webhook
        #expect(await problems { _ = try await store.putWebhook(refused) } == [.secretRefused])
    }

    @Test func `documents bring issuers, roles and webhooks, and prune takes them away`() async throws {
        let temporary = try await TemporaryStore().configured()
        let secret = try await temporary.store.createNamedKey("demo", "kept", KeyTerms()).secret
        var documents = ApplyDocuments.demo
        documents.issuers = [.entra]
        documents.roles = [.callers]
        documents.webhooks = [.alarms]
        let changes = try await temporary.store.apply(documents, prune: true, dryRun: false)
        let made = ["demo/issuers/entra", "demo/roles/callers", "demo/webhooks/alarms"]
        #expect(changes.filter { $0.action == .created }.map(\.resource) == made)
        documents.roles[0].role = .token
        documents.issuers[0].audiences = ["api://x"]
        let updated = try await temporary.store.apply(documents, prune: true, dryRun: false)
        #expect(updated.contains(Change(.updated, "demo/roles/callers", fields: ["role"])))
        #expect(updated.contains(Change(.updated, "demo/issuers/entra", fields: ["audiences"])))
        let pruned = try await temporary.store.apply(.demo, prune: true, dryRun: false)
        #expect(pruned.filter { $0.action == .deleted }.map(\.resource) == made)
        #expect(temporary.snapshots.current.keyring.identify(secret) != nil)
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
    }
}
