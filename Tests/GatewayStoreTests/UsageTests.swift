import Foundation
import GRDB
import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct UsageTests {
    /// 2025-11-21 04:40:00 UTC, the start of no bucket.
    private static let moment: Int64 = 1_763_700_000

    private func store() throws -> ReceiptStore {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("usage-\(UUID().uuidString)")
        return try ReceiptStore(path: folder.appendingPathComponent("receipts.db").path)
    }

    private static func receipt(
        at second: Int64 = moment,
        endpoint: String = "chat",
        deployment: String = "blue",
        caller: String = "demo#app",
        prompt: Int64? = 10,
        completion: Int64? = 20,
        cost: Int64 = 7
    ) -> Receipt {
        var receipt = Receipt(requestID: "request", startedAt: second * 1_000_000 + 999_999)
        receipt.tenant = "demo"
        receipt.endpoint = endpoint
        receipt.deployment = deployment
        receipt.caller = caller
        receipt.outcome = .completed
        receipt.status = 200
        receipt.upstreamStatus = 200
        receipt.promptTokens = prompt
        receipt.countedInputTokens = prompt ?? 0
        receipt.completionTokens = completion
        receipt.countedOutputTokens = completion ?? 0
        receipt.cost = cost
        return receipt
    }

    private static func query(_ groups: Set<UsageGrouping>, zone: String = "UTC") -> UsageQuery {
        UsageQuery(from: moment - 86_400, to: moment + 86_400, groupBy: groups, timeZone: zone)
    }

    @Test func `sums equal the receipts, over batches and callers`() async throws {
        let store = try store()
        var expected: [String: (Int64, Int64, Int64, Int64)] = [:]
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20 {
            let batch = (0..<50).map { _ in
                Self.receipt(
                    at: Self.moment + Int64.random(in: 0..<10_000, using: &generator),
                    deployment: ["blue", "green"].randomElement(using: &generator) ?? "blue",
                    caller: ["demo#app", "demo/chat#primary", "demo@subject"].randomElement(using: &generator) ?? "",
                    prompt: Int64.random(in: 0..<1000, using: &generator),
                    completion: Int64.random(in: 0..<1000, using: &generator),
                    cost: Int64.random(in: 0..<1_000_000, using: &generator)
                )
            }
            for receipt in batch {
                var sum = expected["\(receipt.deployment) \(receipt.caller)"] ?? (0, 0, 0, 0)
                sum.0 += 1
                sum.1 += receipt.promptTokens ?? 0
                sum.2 += receipt.completionTokens ?? 0
                sum.3 += receipt.cost
                expected["\(receipt.deployment) \(receipt.caller)"] = sum
            }
            _ = try await store.append(batch)
        }
        let sums = try await store.usage(Self.query([.deployment, .key]))
        #expect(sums.count == expected.count)
        for sum in sums {
            let wanted = try #require(expected["\(sum.deployment ?? "") \(sum.key ?? "")"])
            #expect((sum.requests, sum.inputTokens, sum.outputTokens, sum.cost) == wanted)
        }
        let all = try await store.usage(Self.query([]))
        #expect(all.map(\.requests) == [1000])
        let rows = try await store.usageRows(since: 0)
        #expect(rows.reduce(0) { $0 + $1.requests } == 1000)
        #expect(rows.allSatisfy { $0.bucketStart % 900 == 0 })
    }

    @Test func `what reached no deployment or was not answered does not count`() async throws {
        let store = try store()
        var refused = Self.receipt(deployment: "")
        refused.outcome = .refused
        var failed = Self.receipt()
        failed.outcome = .failed
        failed.upstreamStatus = 0
        var broken = Self.receipt()
        broken.upstreamStatus = 503
        var left = Self.receipt()
        left.outcome = .cancelled
        left.upstreamStatus = 0
        left.isSent = true
        var mirrored = Self.receipt(caller: "demo#mirrored")
        mirrored.mirrorOf = "green"
        _ = try await store.append([mirrored])
        #expect(try await store.lastUsed(of: "demo#mirrored") == nil)
        _ = try await store.append([refused, failed, broken, left, Self.receipt(prompt: nil, completion: nil)])
        let sums = try await store.usage(Self.query([]))
        #expect(sums.map(\.requests) == [2] && sums.map(\.inputTokens) == [10] && sums.map(\.outputTokens) == [20])
    }

    @Test func `a day is the day of the time zone that is asked for`() async throws {
        let store = try store()
        // 2025-11-20 23:10 and 2025-11-21 04:40 UTC.
        _ = try await store.append([Self.receipt(at: Self.moment - 19_800), Self.receipt()])
        func days(_ zone: String) async throws -> [String?] {
            try await store.usage(Self.query([.day], zone: zone)).map(\.day)
        }
        #expect(try await days("UTC") == ["2025-11-20", "2025-11-21"])
        #expect(try await days("Europe/Berlin") == ["2025-11-21"])
        #expect(try await days("Asia/Kathmandu") == ["2025-11-21"])
        #expect(try await days("America/Los_Angeles") == ["2025-11-20"])
        await #expect(throws: StoreError.self) { try await days("Nowhere/Land") }
    }

    @Test func `a query sees only what it asks for`() async throws {
        let store = try store()
        _ = try await store.append([
            Self.receipt(), Self.receipt(endpoint: "embed"), Self.receipt(caller: "demo#other"),
            Self.receipt(at: Self.moment - 90_000),
        ])
        var query = Self.query([.tenant, .endpoint])
        #expect(try await store.usage(query).map(\.endpoint) == ["chat", "embed"])
        #expect(try await store.usage(query).map(\.requests) == [2, 1])
        query.key = "demo#other"
        #expect(try await store.usage(query).map(\.requests) == [1])
        query.key = nil
        query.endpoint = "embed"
        #expect(try await store.usage(query).map(\.key) == [nil])
        query.tenant = "other"
        #expect(try await store.usage(query).isEmpty)
        // Whole quarters of an hour: the one that `from` lies in counts, the one that begins at `to` does not.
        let bucket = Self.moment - Self.moment % 900
        #expect(try await store.usage(UsageQuery(from: Self.moment + 100, to: bucket + 900)).map(\.requests) == [3])
        #expect(try await store.usage(UsageQuery(from: bucket - 900, to: bucket)).isEmpty)
    }

    @Test func `what one subject used is found for its quotas`() async throws {
        let store = try store()
        let callers = ["demo#app", "demo#other"]
        _ = try await store.append(callers.map { Self.receipt(caller: $0) } + [Self.receipt(endpoint: "embed")])
        func requests(_ subject: UsageSubject, since: Int64 = 0) throws -> Int64 {
            try store.usageRows(of: subject, since: since).reduce(0) { $0 + $1.requests }
        }
        #expect(try requests(.tenant("demo")) == 3)
        #expect(try store.usageRows(of: .tenant("demo"), since: 0).count == 1)
        #expect(try requests(.tenant("other")) == 0)
        #expect(try requests(.endpoint(tenant: "demo", endpoint: "chat")) == 2)
        #expect(try requests(.deployment(tenant: "demo", endpoint: "embed", deployment: "blue")) == 1)
        #expect(try requests(.caller(tenant: "demo", label: "demo#app")) == 2)
        let bucket = Self.moment - Self.moment % 900
        #expect(try requests(.tenant("demo"), since: bucket) == 3)
        #expect(try requests(.tenant("demo"), since: bucket + 900) == 0)
    }

    @Test func `a quota goes on after a restart where it was`() async throws {
        let store = try store()
        let now = WallClock.seconds
        let rules = UsageRules(quotas: [QuotaRule(.requests, 3, per: .month, timeZone: "Asia/Kathmandu")])
        func passes() -> Bool {
            let registry = UsageRegistry(history: { subject, start in
                (try? store.usageRows(of: subject, since: start)) ?? []
            })
            let scope = registry.scope(.endpoint(tenant: "demo", endpoint: "chat"), rules)
            let moment = Moment(uptime: 1_000_000_000, wall: now)
            return
                (try? registry.reserve(
                    UsageScopes(endpoint: scope),
                    Demand(),
                    address: nil,
                    price: nil,
                    at: moment
                )) != nil
        }
        _ = try await store.append([
            Self.receipt(at: now), Self.receipt(at: now), Self.receipt(at: now, endpoint: "embed"),
        ])
        #expect(passes())
        _ = try await store.append([Self.receipt(at: now, caller: "demo#other")])
        #expect(!passes())
    }

    @Test func `the last use of keys is known, and only of keys`() async throws {
        let store = try store()
        _ = try await store.append([
            Self.receipt(at: 2000), Self.receipt(at: 1000), Self.receipt(caller: "demo/chat#primary"),
        ])
        _ = try await store.append([
            Self.receipt(at: 1500), Self.receipt(caller: "demo@a#b"), Self.receipt(caller: "anonymous"),
        ])
        #expect(try await store.lastUsed() == ["demo#app": 2000, "demo/chat#primary": Self.moment])
        #expect(try await store.lastUsed(of: "demo#app") == 2000)
        #expect(try await store.lastUsed(of: "demo#never") == nil)
    }

    @Test func `sums stop at their bound and never hold a batch back`() async throws {
        let store = try store()
        for _ in 0..<3 {
            _ = try await store.append([Self.receipt(prompt: .max, cost: .max), Self.receipt(cost: .max)])
        }
        let sums = try await store.usage(Self.query([]))
        #expect(sums.map(\.cost) == [UsageSchema.largest] && sums.map(\.requests) == [6])
    }

    @Test func `a refused receipt is not in the sums`() async throws {
        let store = try store()
        var bad = Self.receipt()
        bad.status = -1
        #expect(try await store.append([bad, Self.receipt()]) == [bad])
        #expect(try await store.usage(Self.query([])).map(\.requests) == [1])
    }

    @Test func `old sums go in steps`() async throws {
        let store = try store()
        _ = try await store.append((0..<10).map { Self.receipt(at: Self.moment + $0 * 900) })
        let now = Self.moment + 400 * 86_400 + 5 * 900
        #expect(try await store.deleteExpiredUsage(Retention(), now: now, step: 4) == 4)
        #expect(try await store.deleteExpiredUsage(Retention(), now: now, step: 4) == 2)
        #expect(try await store.usageRows(since: 0).count == 4)
    }

    @Test func `what quotas are restored from is written with full synchronisation`() async throws {
        let value = try await store().pool.write { database in
            try Int.fetchOne(database, sql: "PRAGMA synchronous")
        }
        #expect(value == 2)
    }

    @Test func `usage and last use survive a restart`() async throws {
        let store = try store()
        _ = try await store.append([Self.receipt()])
        let rows = try await store.usageRows(since: 0)
        let reopened = try ReceiptStore(path: store.pool.path)
        #expect(try await reopened.usageRows(since: 0) == rows)
        #expect(try await reopened.lastUsed() == store.lastUsed())
    }

    @Test(arguments: [
        ("chat", "chat"), ("=1+1", "\"'=1+1\""), ("+1", "\"'+1\""), ("-1", "\"'-1\""), ("@SUM(A1)", "\"'@SUM(A1)\""),
        ("\t=1", "\"'\t=1\""), ("\r=1", "\"'=1\""), ("\r\n=1", "\"'=1\""), ("a\r\nb", "ab"),
        ("a\"b", "\"a\"\"b\""), ("a,b", "\"a,b\""), ("", ""), ("demo#app", "demo#app"),
    ])
    func `no text becomes a formula or another line`(text: String, field: String) {
        #expect(UsageReport.field(text) == field)
    }

    @Test func `a report has a line of names and one for each group`() {
        let sum = UsageSum(
            day: "2025-11-21",
            tenant: "demo",
            key: "=cmd|'x'!A1",
            requests: 3,
            inputTokens: 10,
            outputTokens: 20,
            cost: 1_234_567
        )
        #expect(
            UsageReport.csv([sum], groupBy: [.key, .day]) == """
                day,key,requests,inputTokens,outputTokens,cost\r
                2025-11-21,"'=cmd|'x'!A1",3,10,20,1.234567\r

                """
        )
        #expect(UsageReport.money(-5) == "-0.000005" && UsageReport.money(2_000_000) == "2.000000")
    }
}
