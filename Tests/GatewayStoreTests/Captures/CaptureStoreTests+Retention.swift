import Foundation
import GRDB
import GatewayCore
import Testing

@testable import GatewayStore

/// What of captures goes, and when.
extension CaptureStoreTests {
    @Test func `what is too old goes, and what is not stays`() async throws {
        let store = try Self.store(CaptureRetention(days: 1, rows: 100))
        let old = Self.now - 2 * 86_400_000_000
        try store.append((1...20).map { Self.capture($0, at: old) })
        try store.append((21...40).map { Self.capture($0) })
        try await Self.index(store)
        while try store.expire(now: Self.now) {}
        let left = try await store.list(Self.query()).map(\.receipt.promptTokens)
        #expect(left.count >= 20 && left.count < 30 && left.first == 40)
    }

    @Test func `where few come nothing is kept for longer than it may, and little for less`() async throws {
        let store = try Self.store(CaptureRetention(days: 1))
        let hour: Int64 = 3_600_000_000
        for age in (0..<50).reversed() {
            try store.append([Self.capture(age, at: Self.now - Int64(age) * hour - hour / 2)])
            while try store.expire(now: Self.now - Int64(age) * hour) {}
        }
        let ages = try await store.list(Self.query()).map(\.receipt.promptTokens)
        #expect(ages.first == 0 && [22, 23].contains(ages.last))
    }

    @Test func `numbers go on where everything has gone, and it is told how many`() async throws {
        let store = try Self.store(CaptureRetention(days: 1))
        try store.append((1...10).map { Self.capture($0, at: Self.now - 2 * 86_400_000_000) })
        try await Self.index(store)
        while try store.expire(now: Self.now) {}
        #expect(try await store.list(Self.query()).isEmpty)
        #expect(try await store.next(after: 4, atMost: 10).gone == 6)
        try store.append((1...5).map { Self.capture($0) })
        #expect(try await store.list(Self.query()).map(\.id) == [15, 14, 13, 12, 11])
        #expect(try await store.lastNumber() == 15)
    }

    @Test func `no more captures are kept than may be`() async throws {
        let store = try Self.store(CaptureRetention(rows: 200))
        for batch in 0..<20 {
            try store.append((1...50).map { Self.capture(batch * 50 + $0) })
            while try store.expire(now: Self.now) {}
        }
        let count = try await store.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM captures") ?? 0 }
        #expect(count > 190 && count <= 200)
        #expect(try await store.list(Self.query { $0.count = 1 }).first?.receipt.promptTokens == 1000)
    }

    @Test func `the file and its log are never larger than they may be, and the newest captures stay`() async throws {
        let most = Int64(8 << 20)
        let store = try Self.store(CaptureRetention(rows: .max, bytes: most))
        let size = 32 << 10
        let noise = (0..<8 * size).map { _ in UInt8.random(in: .min ... .max) }
        var largest: Int64 = 0
        // Four times as much as may be kept, of what cannot be compressed.
        for batch in 0..<64 {
            let captures = (0..<16).map { number in
                var capture = Self.capture(batch * 16 + number)
                capture.request.body = Array(noise[number % 8 * size..<(number % 8 + 1) * size])
                return capture
            }
            try store.append(captures)
            largest = max(largest, try Self.size(of: store))
            while try store.expire(now: Self.now) {}
            _ = try store.indexNext()
            largest = max(largest, try Self.size(of: store))
        }
        #expect(largest <= most && largest > most / 2)
        let kept = try await store.list(Self.query { $0.count = 200 })
        #expect(kept.count > 100 && kept.first?.receipt.promptTokens == 1023)
    }

    private static func size(of store: CaptureStore) throws -> Int64 {
        try files(of: store).reduce(0) { $0 + Int64($1.count) }
    }
}
