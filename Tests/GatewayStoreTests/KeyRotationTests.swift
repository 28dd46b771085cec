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
        #expect(try temporary.store.endpointKeys("demo", "chat").map { $0.previous?.validUntil } == [now + 61, nil])
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
        // Again at once: the key before the last has no grace any more.
        _ = try await temporary.store.regenerateKey("demo", "chat", slot: .primary, grace: 60, at: now + 1)
        #expect(temporary.snapshots.current.keyring.identify(old) == nil)
        #expect(try await temporary.store.dropExpired(now: now + 62) == 1)
        #expect(try await temporary.store.dropExpired(now: now + 62) == 0)
        #expect(try temporary.reopened().definitions == temporary.store.definitions)
    }

    @Test func `keys rotate in turn, each with its overlap`() async throws {
        let (temporary, start) = try await rotating()
        let store = temporary.store
        let first = try await store.keys("demo", "chat")
        #expect(try await store.rotateDue(now: start + 24 * Self.hour - 1).isEmpty)
        let one = try await store.rotateDue(now: start + 24 * Self.hour)
        #expect(one.map(\.slot) == [.primary])
        #expect(one.first?.previous?.validUntil == start + 26 * Self.hour + 1)
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
