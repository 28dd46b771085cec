import Foundation
import GRDB
import GatewayCore
import Testing

@testable import GatewayStore

/// What is made under a name that was deleted begins at zero.
@Suite struct FormerUsageTests {
    /// The start of a bucket, 2025-11-21 04:30:00 UTC.
    private static let start: Int64 = 1_763_699_400
    private static let end = (start + 100) * 1_000_000
    private static let endpoint = UsageSubject.endpoint(tenant: "demo", endpoint: "chat")
    private static let key = UsageSubject.caller(tenant: "demo", label: "demo#app")
    private static let parts = [
        endpoint, .deployment(tenant: "demo", endpoint: "chat", deployment: "blue"), key,
    ]

    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("former-\(UUID().uuidString)")

    private func store() throws -> ReceiptStore {
        try ReceiptStore(path: folder.appendingPathComponent("receipts.db").path)
    }

    private static func receipt(at second: Int64, caller: String = "demo#app", tenant: String = "demo") -> Receipt {
        var receipt = Receipt(requestID: "request", startedAt: second * 1_000_000)
        receipt.tenant = tenant
        receipt.endpoint = "chat"
        receipt.deployment = "blue"
        receipt.caller = caller
        receipt.outcome = .completed
        receipt.status = 200
        receipt.upstreamStatus = 200
        receipt.countedInputTokens = 10
        receipt.countedOutputTokens = 20
        receipt.cost = 7
        return receipt
    }

    private func used(_ store: ReceiptStore, _ subject: UsageSubject) throws -> [Int64] {
        let rows = try store.usageRows(of: subject, since: 0)
        return rows.reduce(into: [0, 0, 0, 0]) { sums, row in
            sums = zip(sums, [row.requests, row.inputTokens, row.outputTokens, row.cost]).map { $0 + $1 }
        }
    }

    private func reported(_ store: ReceiptStore) async throws -> [Int64] {
        let query = UsageQuery(from: Self.start - 86_400, to: Self.start + 86_400)
        return try await store.usage(query).map(\.requests)
    }

    /// Two before the end, one of them in an earlier bucket; one that began before it and ends later; two after it.
    private func fill(_ store: ReceiptStore, ending gone: [UsageSubject]) async throws {
        _ = try await store.append([Self.receipt(at: Self.start - 1000), Self.receipt(at: Self.start + 5)])
        try store.forgetUsage(of: gone, at: Self.end)
        _ = try await store.append([Self.receipt(at: Self.start + 99), Self.receipt(at: Self.start + 101)])
        _ = try await store.append([Self.receipt(at: Self.start + 1000), Self.receipt(at: Self.start + 100)])
    }

    @Test(arguments: parts)
    func `what was used before the end, and what began before it, is left out`(_ subject: UsageSubject) async throws {
        let store = try store()
        try await fill(store, ending: [subject])
        #expect(try used(store, subject) == [2, 20, 40, 14])
        // The tenant has used all of it, and so its reports say.
        #expect(try used(store, .tenant("demo")) == [6, 60, 120, 42])
        #expect(try await reported(store) == [6])
        for other in Self.parts where other != subject { #expect(try used(store, other) == [6, 60, 120, 42]) }
        // A second one of the name ends as well.
        try store.forgetUsage(of: [subject], at: (Self.start + 1001) * 1_000_000)
        #expect(try used(store, subject) == [0, 0, 0, 0])
        let reopened = try ReceiptStore(path: store.pool.path)
        #expect(try used(reopened, subject) == [0, 0, 0, 0])
    }

    @Test func `a tenant's usage goes with it, and what ends later of its requests is nobody's`() async throws {
        let store = try store()
        // What it deleted itself before must not be taken from what is there later.
        _ = try await store.append([Self.receipt(at: Self.start)])
        try store.forgetUsage(of: Self.parts, at: (Self.start + 1) * 1_000_000)
        try await fill(store, ending: [.tenant("demo")])
        for subject in Self.parts + [.tenant("demo")] { #expect(try used(store, subject) == [2, 20, 40, 14]) }
        #expect(try await reported(store) == [2])
        _ = try await store.append([Self.receipt(at: Self.start + 5, caller: "other#app", tenant: "other")])
        #expect(try used(store, .tenant("other")) == [1, 10, 20, 7])
    }

    @Test func `the last use of a key goes with it, with its endpoint and with its tenant`() async throws {
        let store = try store()
        let callers = ["demo#app", "demo#app-two", "demo/chat#primary", "demo/chat-two#primary", "demo-two#app"]
        func left(after gone: [UsageSubject]) async throws -> Set<String> {
            _ = try await store.append(callers.map { Self.receipt(at: Self.start + 5, caller: $0) })
            try store.forgetUsage(of: gone, at: Self.end)
            // And of a request that ends only now.
            _ = try await store.append(callers.map { Self.receipt(at: Self.start + 6, caller: $0) })
            return Set(try await store.lastUsed().keys)
        }
        #expect(try await left(after: [Self.key]) == Set(callers.dropFirst()))
        #expect(try await left(after: [Self.endpoint]) == ["demo#app-two", "demo/chat-two#primary", "demo-two#app"])
        #expect(try await left(after: [.tenant("demo")]) == ["demo-two#app"])
        _ = try await store.append([Self.receipt(at: Self.start + 200)])
        #expect(try await store.lastUsed(of: "demo#app") == Self.start + 200)
    }

    @Test func `what cannot be written is forgotten all the same, and written with the next batch`() async throws {
        let store = try store()
        _ = try await store.append([Self.receipt(at: Self.start)])
        try await store.pool.write { database in try database.execute(sql: "PRAGMA query_only = 1") }
        #expect(throws: StoreError.self) { try store.forgetUsage(of: [.tenant("demo")], at: Self.end) }
        #expect(try used(store, .tenant("demo")) == [0, 0, 0, 0])
        #expect(try used(store, Self.key) == [0, 0, 0, 0])
        try await store.pool.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA query_only = 0")
        }
        _ = try await store.append([Self.receipt(at: Self.start + 1), Self.receipt(at: Self.start + 101)])
        #expect(try used(store, .tenant("demo")) == [1, 10, 20, 7])
        #expect(try await reported(store) == [1])
    }
}
