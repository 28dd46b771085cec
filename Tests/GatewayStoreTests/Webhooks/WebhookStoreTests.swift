import Foundation
import GRDB
import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct WebhookStoreTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("webhooks-\(UUID().uuidString)")
    private let store: WebhookStore

    private static let hook = WebhookDefinition(tenant: "demo", name: "ops", url: "https://ops.example.com")
    private static let other = WebhookDefinition(tenant: "demo", name: "audit", url: "https://audit.example.com")
    private static let stranger = WebhookDefinition(tenant: "acme", name: "ops", url: "https://ops.example.org")
    private static let refused = WebhookAnswer(status: 503, error: "answered 503", milliseconds: 1)
    private static let taken = WebhookAnswer(status: 200, error: nil, milliseconds: 1)

    init() throws {
        store = try WebhookStore(path: folder.appendingPathComponent("webhooks.db").path)
    }

    private static func event(_ kind: WebhookEvent.Kind = .keyExpired, tenant: String = "demo") -> WebhookEvent {
        WebhookEvent(kind, tenant: tenant, time: 5, data: ["name": "ci"])
    }

    private func due(_ count: Int = 10, except running: Set<Int64> = [], now: Int64 = 1000) async throws
        -> DueDeliveries
    {
        let openings = [Self.hook, Self.other, Self.stranger].map {
            WebhookStore.Opening(webhook: $0.fullName, count: count)
        }
        return try await store.due(openings, except: running, now: now)
    }

    @Test func `the file is private and lies beside the store`() throws {
        let path = folder.appendingPathComponent("webhooks.db").path
        #expect(WebhookStore.path(beside: folder.appendingPathComponent("gatehouse.db").path) == path)
        for name in ["webhooks.db", "webhooks.db-wal"] {
            let file = folder.appendingPathComponent(name).path
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(name)")
        }
    }

    @Test func `an event is queued for the webhooks of its tenant that want it`() async throws {
        var picky = Self.other
        picky.events = ["quota.threshold"]
        let event = Self.event()
        try await store.add([event], to: [Self.hook, picky, Self.stranger], now: 1000)
        let deliveries = try await due().deliveries
        #expect(deliveries.map(\.webhook) == [Self.hook.fullName])
        #expect(deliveries.first?.event == event.identifier)
        #expect(deliveries.first?.body == event.body)
        #expect(deliveries.first?.tries == 0)
    }

    @Test func `an event that is queued already is not queued again`() async throws {
        let event = Self.event()
        try await store.add([event, event], to: [Self.hook], now: 1000)
        try await store.add([event], to: [Self.hook], now: 1000)
        #expect(try await due().deliveries.count == 1)
    }

    @Test func `a delivery comes again when its time has come`() async throws {
        try await store.add([Self.event()], to: [Self.hook], now: 1000)
        let delivery = try #require(try await due().deliveries.first)
        try await store.record(.retry(at: 2000), Self.refused, of: delivery, now: 1100)
        #expect(try await due(now: 1999) == DueDeliveries(deliveries: [], next: 2000))
        let again = try #require(try await due(now: 2000).deliveries.first)
        #expect(again.event == delivery.event)
        #expect(again.body == delivery.body)
        #expect(again.tries == 1)
    }

    @Test func `a clock that was set back does not hold deliveries`() async throws {
        try await store.add([Self.event()], to: [Self.hook], now: 3_600_000)
        #expect(try await due(now: 3_600_000 - 59_000).deliveries.isEmpty)
        #expect(try await due(now: 1000).deliveries.count == 1)
    }

    @Test func `what is being sent does not take the others' places`() async throws {
        try await store.add((0..<9).map { _ in Self.event() }, to: [Self.hook], now: 1000)
        let first = try await due(4).deliveries
        #expect(first.count == 4)
        let second = try await due(4, except: Set(first.map(\.id))).deliveries
        #expect(second.count == 4)
        #expect(Set(first.map(\.id)).isDisjoint(with: second.map(\.id)))
    }

    @Test func `what was queued is there when the file is opened again`() async throws {
        let event = Self.event()
        try await store.add([event], to: [Self.hook], now: 1000)
        // Not closed before: what another process finds after kill -9.
        let reopened = try WebhookStore(path: folder.appendingPathComponent("webhooks.db").path)
        let opening = WebhookStore.Opening(webhook: Self.hook.fullName, count: 1)
        #expect(try await reopened.due([opening], except: [], now: 1000).deliveries.map(\.event) == [event.identifier])
    }

    @Test func `the log tells what became of deliveries, the newest first`() async throws {
        let events = [Self.event(), Self.event(.keyExpiring), Self.event()]
        for event in events { try await store.add([event], to: [Self.hook], now: 1000) }
        let due = try await due().deliveries
        try await store.record(.delivered, Self.taken, of: due[0], now: 1100)
        try await store.record(.failed, Self.refused, of: due[1], now: 1200)
        let log = try await store.deliveries(of: Self.hook.fullName)
        #expect(log.map(\.event) == events.reversed().map(\.identifier))
        #expect(log.map(\.state) == [.pending, .failed, .delivered])
        #expect(log.map(\.tries) == [0, 1, 1])
        #expect(log.map(\.lastStatus) == [nil, 503, 200])
        #expect(log.map(\.lastError) == [nil, "answered 503", nil])
        #expect(log.map(\.type) == ["key.expired", "key.expiring", "key.expired"])
        #expect(log.map(\.nextTryAt) == [1000, nil, nil])
        #expect(log.map(\.updatedAt) == [1000, 1200, 1100])
        #expect(try await store.deliveries(of: Self.hook.fullName, limit: 1).count == 1)
        #expect(try await store.deliveries(of: Self.stranger.fullName).isEmpty)
    }

    @Test func `a queue that is full fails further events at once and says so`() async throws {
        let events = (0..<WebhookStore.mostPending + 2).map { _ in Self.event() }
        try await store.add(events, to: [Self.hook, Self.other], now: 1000)
        let pending = try await store.pool.read { database in
            let sql = "SELECT count(*) FROM deliveries WHERE state = 'pending' AND webhook = 'ops'"
            return try Int.fetchOne(database, sql: sql)
        }
        #expect(pending == WebhookStore.mostPending)
        let newest = try #require(try await store.deliveries(of: Self.hook.fullName, limit: 1).first)
        #expect(newest.state == .failed)
        #expect(newest.tries == 0)
        #expect(newest.lastError == "1000 deliveries wait for this webhook already")
    }

    @Test func `what belongs to a removed webhook goes with it`() async throws {
        try await store.add([Self.event(), Self.event(tenant: "acme")], to: [Self.hook, Self.stranger], now: 1000)
        let delivery = try #require(try await due().deliveries.first)
        try await store.keep(only: [Self.stranger.fullName])
        #expect(try await due().deliveries.map(\.webhook) == [Self.stranger.fullName])
        // It was being sent while its webhook was removed.
        try await store.record(.delivered, Self.taken, of: delivery, now: 1100)
        #expect(try await store.deliveries(of: Self.hook.fullName).isEmpty)
    }

    @Test func `the log is bounded by age, in all and for each webhook, and what waits stays`() async throws {
        let day: Int64 = 86_400_000
        for number in 0..<6 {
            try await store.log(Self.event(), to: Self.hook.fullName, Self.taken, now: Int64(number) * day)
        }
        for _ in 0..<6 { try await store.log(Self.event(), to: Self.other.fullName, Self.taken, now: 5 * day) }
        try await store.add([Self.event(tenant: "acme")], to: [Self.stranger], now: 0)
        func left() async throws -> [Int] {
            var counts: [Int] = []
            for webhook in [Self.hook, Self.other, Self.stranger] {
                counts.append(try await store.deliveries(of: webhook.fullName).count)
            }
            return counts
        }
        try await store.deleteOld(WebhookRetention(days: 3), now: 5 * day)
        #expect(try await left() == [4, 6, 1])
        try await store.deleteOld(WebhookRetention(rowsPerWebhook: 5), now: 5 * day)
        #expect(try await left() == [4, 5, 1])
        try await store.deleteOld(WebhookRetention(rows: 6), now: 5 * day)
        #expect(try await left() == [1, 5, 1])
    }

    @Test func `notices are kept with the events that told them, until they are forgotten`() async throws {
        let first = WebhookNotice(tenant: "demo", subject: "key/ci", expiresAt: 100, days: 30)
        let second = WebhookNotice(tenant: "demo", subject: "key/ci", expiresAt: 100, days: 7)
        try await store.add([Self.event()], to: [Self.hook], remembering: [first], now: 1000)
        #expect(try await store.notices() == [first])
        try await store.add([], to: [], remembering: [second], now: 1000)
        #expect(try await store.notices() == [second])
        try await store.forget([WebhookNotice(tenant: "demo", subject: "key/ci", expiresAt: 99, days: 30)])
        #expect(try await store.notices() == [second])
        try await store.forget([second])
        #expect(try await store.notices().isEmpty)
    }

    @Test func `a file of another kind is not touched`() throws {
        let path = folder.appendingPathComponent("foreign.db").path
        try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE t (x)") }
        #expect(throws: StoreError.self) { try WebhookStore(path: path) }
    }
}
