import Foundation
import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct NamedKeyTests {
    private func caller(_ temporary: TemporaryStore, _ secret: String) -> Caller? {
        temporary.snapshots.current.keyring.identify(secret)
    }

    @Test func `a key opens what its terms say`() async throws {
        let temporary = try await TemporaryStore().configured()
        let issued = try await temporary.store.createNamedKey("demo", "app-one", .narrow)
        #expect(KeySecret.isWellFormed(issued.secret))
        let caller = try #require(self.caller(temporary, issued.secret))
        #expect(caller.label == "demo#app-one" && caller.tenant == "demo")
        #expect(caller.endpoints == ["chat"] && caller.forms == [.openAI, .azureOpenAI])
        #expect(caller.expiresAt == 4_000_000_000)
        #expect(try caller.networks?.contains(#require(IPAddress("10.1.2.3"))) == true)
        #expect(try caller.networks?.contains(#require(IPAddress("11.1.2.3"))) == false)
        #expect(caller.usage?.rules == KeyTerms.narrow.rules && caller.queueWeight == 7)
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
    }

    @Test func `a key without terms opens all of its tenant for ever`() async throws {
        let temporary = try await TemporaryStore().configured()
        let secret = try await temporary.store.createNamedKey("demo", "wide", KeyTerms()).secret
        let caller = try #require(self.caller(temporary, secret))
        #expect(caller.endpoints == nil && caller.forms == nil && caller.networks == nil && caller.expiresAt == nil)
        #expect(caller.usage == nil && caller.queueWeight == 1)
    }

    @Test func `a new queue weight counts for both secrets of a key, and is in the log`() async throws {
        let temporary = try await TemporaryStore().configured()
        let old = try await temporary.store.createNamedKey("demo", "app", KeyTerms(queueWeight: 2)).secret
        let new = try await temporary.store.rotateNamedKey("demo", "app", grace: 3600).secret
        #expect([old, new].map { caller(temporary, $0)?.queueWeight } == [2, 2])
        #expect(try await temporary.store.updateNamedKey("demo", "app", KeyTerms(queueWeight: 9)) == .updated)
        #expect(try await temporary.store.updateNamedKey("demo", "app", KeyTerms(queueWeight: 9)) == .unchanged)
        #expect([old, new].map { caller(temporary, $0)?.queueWeight } == [9, 9])
        #expect(try temporary.reopened().namedKey("demo", "app").queueWeight == 9)
        let entry = try #require(try await temporary.store.auditEntries(limit: 1).first)
        #expect(entry.fields == ["queueWeight"])
        #expect(entry.before?.contains(#""queueWeight":2"#) == true)
        #expect(entry.after?.contains(#""queueWeight":9"#) == true)
    }

    @Test func `a name is given once and is free again after the key was revoked`() async throws {
        let temporary = try await TemporaryStore().configured()
        let first = try await temporary.store.createNamedKey("demo", "app", KeyTerms())
        await #expect(throws: StoreError.self) { try await temporary.store.createNamedKey("demo", "app", KeyTerms()) }
        try await temporary.store.revokeNamedKey("demo", "app")
        #expect(caller(temporary, first.secret) == nil)
        #expect(throws: StoreError.notFound(resource: "demo/keys/app")) { try temporary.store.namedKey("demo", "app") }
        _ = try await temporary.store.createNamedKey("demo", "app", KeyTerms())
        #expect(try temporary.store.namedKeys(of: "demo").map(\.name) == ["app"])
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
    }

    @Test func `a disabled key opens nothing until it is enabled`() async throws {
        let temporary = try await TemporaryStore().configured()
        let secret = try await temporary.store.createNamedKey("demo", "app", KeyTerms()).secret
        #expect(try await temporary.store.updateNamedKey("demo", "app", KeyTerms(isDisabled: true)) == .updated)
        #expect(caller(temporary, secret) == nil)
        #expect(try await temporary.store.updateNamedKey("demo", "app", KeyTerms(isDisabled: true)) == .unchanged)
        let kept = try await temporary.store.updateNamedKey("demo", "app", KeyTerms(), keepsDisabled: true)
        #expect(try kept == .unchanged && temporary.store.namedKey("demo", "app").isDisabled)
        #expect(try await temporary.store.updateNamedKey("demo", "app", KeyTerms()) == .updated)
        #expect(caller(temporary, secret) != nil)
    }

    @Test func `a rotated key opens with both secrets until the grace is over`() async throws {
        let temporary = try await TemporaryStore().configured()
        let now = WallClock.seconds
        let old = try await temporary.store.createNamedKey("demo", "app", KeyTerms(expiresAt: now + 50)).secret
        let new = try await temporary.store.rotateNamedKey("demo", "app", grace: 100, at: now).secret
        // The old secret does not outlive the key.
        #expect(caller(temporary, old)?.expiresAt == now + 50)
        #expect(caller(temporary, new)?.expiresAt == now + 50)
        _ = try await temporary.store.updateNamedKey("demo", "app", KeyTerms())
        #expect(caller(temporary, old)?.expiresAt == now + 101)
        #expect(caller(temporary, new)?.expiresAt == nil)
        #expect(caller(temporary, new)?.label == caller(temporary, old)?.label)
        #expect(try await temporary.store.dropExpired(now: now + 100) == 0)
        #expect(try await temporary.store.dropExpired(now: now + 101) == 1)
        #expect(caller(temporary, old) == nil && caller(temporary, new) != nil)
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
    }

    @Test func `without a grace the old secret is over at once`() async throws {
        let temporary = try await TemporaryStore().configured()
        let old = try await temporary.store.createNamedKey("demo", "app", KeyTerms()).secret
        let new = try await temporary.store.rotateNamedKey("demo", "app", grace: 0).secret
        #expect(caller(temporary, old) == nil && caller(temporary, new) != nil)
        for grace in [-1, 366 * 86400 + 1] as [Int64] {
            let codes = await problems { _ = try await temporary.store.rotateNamedKey("demo", "app", grace: grace) }
            #expect(codes == [.invalidRotation])
        }
    }

    @Test func `an expiry in the past is refused, and one that has passed stays`() async throws {
        let temporary = try await TemporaryStore().configured()
        let past = KeyTerms(expiresAt: 1000)
        let codes = await problems { _ = try await temporary.store.createNamedKey("demo", "app", past, at: 1000) }
        #expect(codes == [.invalidExpiry])
        _ = try await temporary.store.createNamedKey("demo", "app", past, at: 999)
        var disabled = past
        disabled.isDisabled = true
        #expect(try await temporary.store.updateNamedKey("demo", "app", disabled, at: 5000) == .updated)
    }

    @Test func `an endpoint that goes takes its name out of every scope, and nothing opens wider`() async throws {
        let temporary = try await TemporaryStore().configured().withAccess()
        let secret = try await temporary.store.createNamedKey("demo", "app", KeyTerms(endpoints: ["chat"])).secret
        try await temporary.store.deleteEndpoint("demo", "chat")
        #expect(try temporary.store.namedKey("demo", "app").endpoints == [])
        #expect(try temporary.store.role("demo", "callers").endpoints == [])
        #expect(caller(temporary, secret)?.endpoints == [])
        _ = try await temporary.store.putEndpoint(EndpointDefinition(tenant: "demo", name: "chat"))
        #expect(caller(temporary, secret)?.endpoints == [])
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
    }

    @Test func `keys stay in order whatever the order they come in`() async throws {
        let temporary = try await TemporaryStore().configured()
        _ = try await temporary.store.putTenant(TenantDefinition(name: "aaa"))
        for name in ["mid", "zed", "abc", "m-1", "MID"] {
            _ = try await temporary.store.createNamedKey("demo", name, KeyTerms())
            _ = try await temporary.store.createNamedKey("aaa", name, KeyTerms())
        }
        #expect(try temporary.store.namedKeys(of: "demo").map(\.name) == ["MID", "abc", "m-1", "mid", "zed"])
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
        for name in ["zed", "MID"] { try await temporary.store.revokeNamedKey("demo", name) }
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
    }

    @Test func `a change of one key leaves every other caller the object that it is`() async throws {
        let temporary = try await TemporaryStore().configured()
        let one = try await temporary.store.createNamedKey("demo", "one", .narrow).secret
        let two = try await temporary.store.createNamedKey("demo", "two", .narrow).secret
        let pair = try await temporary.store.keys("demo", "chat").primary
        let before = [one, pair].map { caller(temporary, $0) }
        _ = try await temporary.store.rotateNamedKey("demo", "two", grace: 10)
        try await temporary.store.revokeNamedKey("demo", "two")
        #expect(caller(temporary, two) == nil)
        #expect([one, pair].map { caller(temporary, $0) }.elementsEqual(before, by: ===))
    }

    @Test func `no file of the store holds an issued secret in clear`() async throws {
        let temporary = try await TemporaryStore().configured().withAccess()
        var secrets = ["canary-of-a-webhook", "canary-of-the-environment", "canary-of-a-setting"]
        try temporary.store.setSealedValue("signing-keys", "canary-of-a-setting")
        #expect(try temporary.store.sealedValue("signing-keys") == "canary-of-a-setting")
        #expect(try temporary.store.sealedValue("another") == nil)
        let signing = try await temporary.store.webhookSecret("demo", "alarms")
        secrets.append(String(signing.dropFirst(6)))
        let client = try #require(temporary.store.definitions.principals.first?.clientID)
        for number in 0..<30 {
            let made = try await temporary.store.createNamedKey("demo", "key-\(number)", KeyTerms()).secret
            let rotated = try await temporary.store.rotateNamedKey("demo", "key-\(number)", grace: 60).secret
            let added = try await temporary.store.addPrincipalSecret("demo", client, expiresAt: nil)
            try await temporary.store.removePrincipalSecret("demo", client, added.id)
            secrets += [made, rotated, added.secret].map { String($0.dropFirst(4).prefix(20)) }
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: temporary.folder.path) {
            let bytes = try Data(contentsOf: temporary.folder.appendingPathComponent(name))
            for secret in secrets { #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(name)") }
        }
    }
}
