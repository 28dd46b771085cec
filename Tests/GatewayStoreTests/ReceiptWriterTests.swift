import Foundation
import GRDB
import GatewayCore
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import GatewayStore

@Suite struct ReceiptWriterTests {
    private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    private func path() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("receipts-\(UUID().uuidString)/receipts.db").path
    }

    /// The writer deletes what is a month old by the wall clock.
    private static let today = Int64(Date().timeIntervalSince1970) * 1_000_000

    private static func receipt(_ number: Int, startedAt: Int64? = nil) -> Receipt {
        var receipt = Receipt(requestID: "request-\(number)", startedAt: startedAt ?? today)
        receipt.tenant = "demo"
        receipt.endpoint = "chat"
        receipt.path = "/v1/chat/completions"
        receipt.model = "quoted ' \" \n é"
        receipt.status = 200
        receipt.outcome = .completed
        receipt.promptTokens = 12
        receipt.isStreamed = true
        receipt.firstByteMicroseconds = 3
        receipt.attempts = 2
        receipt.mirrorOf = number % 2 == 0 ? "blue" : ""
        return receipt
    }

    @Test func `a receipt comes back as it was`() async throws {
        let store = try ReceiptStore(path: path())
        #expect(try await store.append([Self.receipt(1), Self.receipt(2)]).isEmpty)
        #expect(try await store.latest(10) == [Self.receipt(2), Self.receipt(1)])
    }

    @Test(arguments: [
        ("/v1/sk-aaaaaaaaaaaaaaaaaaaaaaaa/x", "/v1/[credential]/x"),
        ("/v1/Bearer%20aaaaaaaaaaaaaaaa", "/v1/Bearer [credential]"),
        ("/v1/p/password=C4n4ry", "/v1/p/password=[credential]"), ("/v1/models/a:predict", "/v1/models/a:predict"),
        ("/v1/of%20a/5f0c2f9e-4b5c-4c3f-9d7d-1d2b3c4d5e6f", "/v1/of%20a/5f0c2f9e-4b5c-4c3f-9d7d-1d2b3c4d5e6f"),
    ])
    func `credentials in a path or a model's name are in no row, and nobody is told them`(path: String, kept: String)
        async throws
    {
        let store = try ReceiptStore(path: self.path())
        let queue = ReceiptQueue()
        let told = Mutex<[Receipt]>([])
        var receipt = Self.receipt(1)
        receipt.path = path
        receipt.model = "of ghk_aaaaaaaaaaaaaaaaaaaaaaaa"
        // Twice: what is known to be none is not looked through again.
        for _ in 1...2 { queue.append(receipt) }
        receipt.path = kept
        receipt.model = "of [credential]"
        let writer = ReceiptWriter(queue: queue, store: store, logger: logger) { batch in told.withLock { $0 += batch }
        }
        await writer.writeRest()
        #expect(try await store.latest(2) == [receipt, receipt])
        #expect(told.withLock { $0 } == [receipt, receipt])
    }

    @Test func `what waits when the gateway stops is written`() async throws {
        let store = try ReceiptStore(path: path())
        let queue = ReceiptQueue()
        let writer = ReceiptWriter(queue: queue, store: store, logger: logger)
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: writer)], gracefulShutdownSignals: [], logger: logger)
        )
        let running = Task { try await group.run() }
        for number in 0..<500 { queue.append(Self.receipt(number)) }
        await group.triggerGracefulShutdown()
        for number in 500..<1000 { queue.append(Self.receipt(number)) }
        try await running.value
        let left = queue.takeAll().count
        let written = try await store.latest(2000).count
        #expect(written + left == 1000, "\(written) \(left)")
        #expect(left < 500)
    }

    @Test func `everything is written even when the task was cancelled`() async throws {
        let store = try ReceiptStore(path: path())
        let queue = ReceiptQueue()
        for number in 0..<100 { queue.append(Self.receipt(number)) }
        let writer = ReceiptWriter(queue: queue, store: store, logger: logger)
        let running = Task { try await writer.run() }
        running.cancel()
        try await running.value
        #expect(try await store.latest(200).count == 100)
    }

    @Test func `a receipt that the table refuses does not hold back the others`() async throws {
        let store = try ReceiptStore(path: path())
        var bad = Self.receipt(2)
        bad.status = -1
        let refused = try await store.append([Self.receipt(1), bad, Self.receipt(3)])
        #expect(refused == [bad])
        #expect(try await store.latest(10).map(\.requestID) == ["request-3", "request-1"])
    }

    @Test func `a batch that the disk refuses is written once there is room`() async throws {
        let store = try ReceiptStore(path: path())
        func limit(pages: Int) async throws {
            try await store.pool.write { database in try database.execute(sql: "PRAGMA max_page_count = \(pages)") }
        }
        let observed = Count()
        let batch = (0..<2000).map { Self.receipt($0) }
        try await limit(pages: 10)
        for _ in 0..<2 {
            await #expect(throws: StoreError.unavailable("the database refused: database or disk is full")) {
                try await store.append(batch, observe: { _ in observed.add() })
            }
        }
        #expect(try await store.latest(10).isEmpty)
        try await limit(pages: 1_000_000)
        _ = try await store.append(batch, observe: { _ in observed.add() })
        #expect(try await store.latest(3000).count == 2000)
        #expect(observed.value == 1)
    }

    @Test func `a flood of refused requests beside a disk that takes nothing stays bounded, and loses no admitted one`()
        async throws
    {
        let store = try ReceiptStore(path: path())
        try await store.pool.write { database in try database.execute(sql: "PRAGMA query_only = 1") }
        let queue = ReceiptQueue(bound: 400)
        let lines = Lines()
        let writer = ReceiptWriter(queue: queue, store: store, logger: lines.logger)
        let running = Task { try await writer.run() }
        defer { running.cancel() }
        // The writer holds the first as its batch before the flood comes.
        queue.append(Self.receipt(0))
        try await lines.wait(for: "receipts wait")
        for number in 1...20_000 { queue.append(Self.receipt(number)) }
        for number in 1...100 {
            #expect(queue.hasRoom)
            var receipt = Self.receipt(number)
            receipt.deployment = "blue"
            queue.append(receipt)
        }
        #expect(!queue.hasRoom)
        try await lines.wait(for: "dropped")
        try await store.pool.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA query_only = 0")
        }
        while try await store.latest(1000).count < 401 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(try await store.latest(1000).count { $0.deployment == "blue" } == 100)
        #expect(queue.hasRoom)
    }

    @Test func `old receipts go in small steps and young ones stay`() async throws {
        let store = try ReceiptStore(path: path())
        let now: Int64 = 1_763_700_000_000_000
        let day: Int64 = 86_400_000_000
        _ = try await store.append((0..<10).map { Self.receipt($0, startedAt: now - 31 * day) })
        _ = try await store.append((10..<20).map { Self.receipt($0, startedAt: now) })
        let retention = Retention(days: 30, rows: 1000)
        #expect(try await store.deleteExpired(retention, now: now, step: 6) == 6)
        #expect(try await store.deleteExpired(retention, now: now, step: 6) == 4)
        #expect(try await store.deleteExpired(retention, now: now, step: 6) == 0)
        #expect(try await store.latest(100).count == 10)
    }

    @Test func `the oldest receipts above the number of rows go`() async throws {
        let store = try ReceiptStore(path: path())
        let now: Int64 = 1_763_700_000_000_000
        _ = try await store.append((0..<20).map { Self.receipt($0, startedAt: now) })
        #expect(try await store.deleteExpired(Retention(days: 30, rows: 15), now: now, step: 100) == 5)
        #expect(try await store.latest(100).last?.requestID == "request-5")
    }
}

/// How often something happened.
private final class Count: Sendable {
    private let counted = Mutex(0)

    var value: Int { counted.withLock { $0 } }

    func add() { counted.withLock { $0 += 1 } }
}

/// What was logged.
private final class Lines: Sendable {
    private struct Handler: LogHandler {
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        let lines: Lines

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.all.withLock { $0.append("\(event.message)") } }
    }

    private let all = Mutex<[String]>([])

    var logger: Logger { Logger(label: "test") { [self] _ in Handler(lines: self) } }

    func wait(for text: String) async throws {
        while !all.withLock({ $0.contains { $0.contains(text) } }) { try await Task.sleep(for: .milliseconds(10)) }
    }
}
