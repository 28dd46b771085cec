import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct KeyRotationTests {
    private static let hour: Int64 = 3600

    private func rotating() async throws -> (TemporaryStore, Int64) {
        let temporary = try await TemporaryStore().configured()
        var endpoint = ApplyDocuments.demo.endpoints[0]
        endpoint.keyRotation = RotationRule(every: 24 * Self.hour, overlap: 2 * Self.hour)
        _ = try await temporary.store.putEndpoint(endpoint)
        return (temporary, try #require(temporary.store.definitions.keys.first?.createdAt))
    }

    @Test func `a key that was regenerated with a grace still opens until then`() async throws {
        let temporary = try await TemporaryStore().configured()
        let old = try await temporary.store.keys("demo", "chat").primary
        let now = WallClock.seconds
        _ = try await temporary.store.regenerateKey("demo", "chat", slot: .primary, grace: 60, at: now)
        let keyring = temporary.snapshots.current.keyring
        #expect(keyring.identify(old)?.expiresAt == now + 61)
        #expect(keyring.identify(old)?.label == "demo/chat#primary")
        let ends = try temporary.store.endpointKeys("demo", "chat").map { $0.retired.map(\.validUntil) }
        #expect(ends == [[now + 61], []])
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
    }

    @Test func `each key that was replaced with a grace opens until its own end`() async throws {
        let temporary = try await TemporaryStore().configured()
        let store = temporary.store
        let first = try await store.keys("demo", "chat").primary
        let now = WallClock.seconds
        let second = try await store.regenerateKey("demo", "chat", slot: .primary, grace: 600, at: now).primary
        _ = try await store.regenerateKey("demo", "chat", slot: .primary, grace: 60, at: now + 1)
        let keyring = temporary.snapshots.current.keyring
        #expect(keyring.identify(first)?.expiresAt == now + 601)
        #expect(keyring.identify(second)?.expiresAt == now + 62)
        #expect(try temporary.reopened().definitions == store.definitions)
        #expect(try await store.dropExpired(now: now + 62) == 1)
        #expect(try await store.dropExpired(now: now + 62) == 0)
        #expect(temporary.snapshots.current.keyring.identify(first) != nil)
        #expect(temporary.snapshots.current.keyring.identify(second) == nil)
        #expect(try temporary.reopened().definitions == store.definitions)
    }

    @Test func `a key that is replaced without a grace takes those before it along`() async throws {
        let temporary = try await TemporaryStore().configured()
        let first = try await temporary.store.keys("demo", "chat").primary
        _ = try await temporary.store.regenerateKey("demo", "chat", slot: .primary, grace: 600)
        let second = try await temporary.store.regenerateKey("demo", "chat", slot: .primary).primary
        #expect(temporary.snapshots.current.keyring.identify(first) == nil)
        #expect(temporary.snapshots.current.keyring.identify(second) != nil)
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
    }

    @Test func `sixteen earlier keys may still open, and the next one is refused by number`() async throws {
        let temporary = try await TemporaryStore().configured()
        let store = temporary.store
        let now = WallClock.seconds
        for turn in 0..<16 {
            _ = try await store.regenerateKey("demo", "chat", slot: .primary, grace: 600, at: now + Int64(turn))
        }
        let error = await #expect(throws: StoreError.self) {
            try await store.regenerateKey("demo", "chat", slot: .primary, grace: 60, at: now + 20)
        }
        #expect("\(try #require(error))".contains("16 earlier keys still open, the first of them for 581 seconds more"))
        _ = try await store.regenerateKey("demo", "chat", slot: .secondary, grace: 60, at: now + 20)
        _ = try await store.regenerateKey("demo", "chat", slot: .primary, grace: 60, at: now + 601)
    }

    @Test func `a scheduled rotation without overlap leaves what a person was promised`() async throws {
        let (temporary, start) = try await rotating()
        let store = temporary.store
        var endpoint = try store.endpoint("demo", "chat")
        endpoint.keyRotation = RotationRule(every: 24 * Self.hour, overlap: 0)
        _ = try await store.putEndpoint(endpoint)
        let promised = try await store.keys("demo", "chat").primary
        _ = try await store.regenerateKey("demo", "chat", slot: .primary, grace: 100 * Self.hour, at: start)
        let rotated = try await store.keys("demo", "chat")
        for day in [24, 48] { _ = try await store.rotateDue(now: start + Int64(day) * Self.hour) }
        let keyring = temporary.snapshots.current.keyring
        #expect(keyring.identify(promised) != nil)
        #expect(keyring.identify(rotated.primary) == nil && keyring.identify(rotated.secondary) == nil)
    }

    @Test func `named keys keep the grace of each rotation too`() async throws {
        let temporary = try await TemporaryStore().configured()
        let store = temporary.store
        let now = WallClock.seconds
        let first = try await store.createNamedKey("demo", "app", KeyTerms(), at: now).secret
        let second = try await store.rotateNamedKey("demo", "app", grace: 600, at: now).secret
        _ = try await store.rotateNamedKey("demo", "app", grace: 60, at: now)
        #expect(temporary.snapshots.current.keyring.identify(first)?.expiresAt == now + 601)
        #expect(temporary.snapshots.current.keyring.identify(second)?.expiresAt == now + 61)
        #expect(try temporary.reopened().definitions == store.definitions)
        #expect(try await store.dropExpired(now: now + 61) == 1)
        try await store.revokeNamedKey("demo", "app")
        #expect(temporary.snapshots.current.keyring.identify(first) == nil)
        #expect(try temporary.reopened().definitions == store.definitions)
    }

    @Test func `keys rotate in turn, each with its overlap`() async throws {
        let (temporary, start) = try await rotating()
        let store = temporary.store
        let first = try await store.keys("demo", "chat")
        #expect(try await store.rotateDue(now: start + 24 * Self.hour - 1).isEmpty)
        let one = try await store.rotateDue(now: start + 24 * Self.hour)
        #expect(one.map(\.slot) == [.primary])
        #expect(one.first?.retired.first?.validUntil == start + 26 * Self.hour + 1)
        #expect(try await store.rotateDue(now: start + 25 * Self.hour).isEmpty)
        let second = try await store.keys("demo", "chat")
        #expect(second.primary != first.primary && second.secondary == first.secondary)
        #expect(temporary.snapshots.current.keyring.identify(first.primary) != nil)
        #expect(try await store.rotateDue(now: start + 48 * Self.hour).map(\.slot) == [.secondary])
        #expect(try await store.rotateDue(now: start + 72 * Self.hour).map(\.slot) == [.primary])
        #expect(temporary.snapshots.current.keyring.identify(first.primary) == nil)
        #expect(try temporary.reopened().definitions == store.definitions)
    }

    @Test func `a machine that slept rotates once and not for every day`() async throws {
        let (temporary, start) = try await rotating()
        let late = start + 1000 * 24 * Self.hour
        #expect(try await temporary.store.rotateDue(now: late).count == 1)
        #expect(try await temporary.store.rotateDue(now: late + 1).isEmpty)
    }

    @Test func `a key that a person replaced puts off the next rotation`() async throws {
        let (temporary, start) = try await rotating()
        let by = start + 20 * Self.hour
        _ = try await temporary.store.regenerateKey("demo", "chat", slot: .primary, at: by)
        #expect(try await temporary.store.rotateDue(now: start + 24 * Self.hour).isEmpty)
        #expect(try await temporary.store.rotateDue(now: by + 24 * Self.hour).map(\.slot) == [.secondary])
    }

    @Test func `endpoints without a rule keep their keys`() async throws {
        let temporary = try await TemporaryStore().configured()
        #expect(try await temporary.store.rotateDue(now: .max / 2).isEmpty)
    }
}
