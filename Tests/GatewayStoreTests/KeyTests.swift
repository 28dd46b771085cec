import Foundation
import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct KeyTests {
    @Test func `a new endpoint has a pair of keys that open it`() async throws {
        let temporary = try await TemporaryStore().configured()
        let pair = try await temporary.store.keys("demo", "chat")
        #expect(pair.primary != pair.secondary)
        #expect(KeySecret.isWellFormed(pair.primary) && KeySecret.isWellFormed(pair.secondary))
        let caller = temporary.snapshots.current.keyring.identify(pair.secondary)
        #expect(caller?.label == "demo/chat#secondary")
        #expect(try await temporary.reopened().keys("demo", "chat") == pair)
    }

    @Test func `regenerating a slot closes the old key and leaves the other`() async throws {
        let temporary = try await TemporaryStore().configured()
        let old = try await temporary.store.keys("demo", "chat")
        let new = try await temporary.store.regenerateKey("demo", "chat", slot: .primary)
        #expect(new.secondary == old.secondary)
        let keyring = temporary.snapshots.current.keyring
        #expect(keyring.identify(old.primary) == nil)
        #expect(keyring.identify(new.primary)?.label == "demo/chat#primary")
        #expect(keyring.identify(old.secondary) != nil)
    }

    @Test func `a deleted endpoint's keys open nothing`() async throws {
        let temporary = try await TemporaryStore().configured()
        let pair = try await temporary.store.keys("demo", "chat")
        try await temporary.store.deleteEndpoint("demo", "chat")
        #expect(temporary.snapshots.current.keyring.identify(pair.primary) == nil)
        await #expect(throws: StoreError.notFound(resource: "demo/chat")) {
            try await temporary.store.keys("demo", "chat")
        }
    }

    @Test func `no file of the store holds an issued key, a header or a variable in clear`() async throws {
        let temporary = try await TemporaryStore().configured()
        var secrets = ["canary-of-a-header", "canary-of-a-variable", "canary-of-the-environment"]
        for _ in 0..<20 {
            let pair = try await temporary.store.regenerateKey("demo", "chat", slot: .primary)
            secrets += [pair.primary, pair.secondary].map { String($0.dropFirst(4).prefix(20)) }
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: temporary.folder.path) {
            let bytes = try Data(contentsOf: temporary.folder.appendingPathComponent(name))
            for secret in secrets { #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(name)") }
        }
    }

    @Test func `another secret key is refused when the store is opened`() async throws {
        let temporary = try await TemporaryStore().configured()
        let other = Data(repeating: 7, count: 32).base64EncodedString()
        let error = #expect(throws: StoreError.self) {
            try StoreFile(path: temporary.path, migrations: .current, environment: [SecretBox.variable: other])
        }
        #expect(error?.description.contains("another GATEHOUSE_SECRET_KEY or secret.key") == true)
    }

    @Test func `a lost secret key is not silently replaced`() async throws {
        let temporary = try await TemporaryStore().configured()
        let key = SecretBox.path(beside: temporary.path)
        try FileManager.default.removeItem(atPath: key)
        #expect(throws: StoreError.self) { try temporary.reopened() }
        #expect(!FileManager.default.fileExists(atPath: key))
    }

    @Test func `a secret key that others may read is refused`() async throws {
        let temporary = try TemporaryStore()
        let key = SecretBox.path(beside: temporary.path)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
        let error = #expect(throws: StoreError.self) { try temporary.reopened() }
        #expect(error?.description.contains("chmod 600") == true)
    }

    @Test func `a sealed value opens only in its own place`() throws {
        let key = Data(repeating: 7, count: 32).base64EncodedString()
        let box = try SecretBox.load(beside: "/nowhere/x", environment: [SecretBox.variable: key], mayCreate: false)
        let sealed = try box.seal("secret", place: "demo/chat/primary")
        #expect(try box.open(sealed, place: "demo/chat/primary") == "secret")
        #expect(throws: StoreError.self) { try box.open(sealed, place: "demo/chat/secondary") }
    }

    @Test func `the operator token is made once and kept`() throws {
        let temporary = try TemporaryStore()
        let made = try OperatorToken.loadOrCreate(beside: temporary.path)
        #expect(try OperatorToken.loadOrCreate(beside: temporary.path).text == made.text)
        #expect(made.text.utf8.count >= 43)
    }
}
