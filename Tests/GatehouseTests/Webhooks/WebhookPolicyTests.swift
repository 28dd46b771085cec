import GatewayCore
import Testing

@testable import GatewayStore
@testable import gatehouse

@Suite struct WebhookBackoffTests {
    private static let refused = WebhookAnswer(status: 500, error: "answered 500", milliseconds: 1)

    @Test func `a delivery is tried 8 times over more than 8 hours`() {
        var backoff = WebhookBackoff.standard
        backoff.jitter = 1...1
        var now: Int64 = 0
        var waits: [Int64] = []
        for tries in 1... {
            guard case .retry(let next) = backoff.verdict(after: Self.refused, tries: tries, now: now) else {
                #expect(tries == 8)
                break
            }
            waits.append((next - now) / 1000)
            now = next
        }
        #expect(waits == [5, 30, 120, 600, 1800, 7200, 21_600])
        #expect(now > 8 * 3_600_000)
    }

    @Test func `the waits are spread by a fifth`() {
        let waits = (0..<500).compactMap { _ -> Int64? in
            let verdict = WebhookBackoff.standard.verdict(after: Self.refused, tries: 2, now: 0)
            guard case .retry(let next) = verdict else { return nil }
            return next
        }
        #expect(waits.count == 500)
        #expect(waits.allSatisfy { (24_000...36_000).contains($0) })
        #expect(Set(waits).count > 50)
    }

    @Test func `what was taken is done, and what is gone is not tried again`() {
        let taken = WebhookAnswer(status: 204, error: nil, milliseconds: 1)
        let gone = WebhookAnswer(status: 410, error: "answered 410", milliseconds: 1)
        #expect(WebhookBackoff.standard.verdict(after: taken, tries: 8, now: 0) == .delivered)
        #expect(WebhookBackoff.standard.verdict(after: gone, tries: 1, now: 0) == .failed)
    }
}

@Suite struct DeliverySlotsTests {
    private static func delivery(_ id: Int64, _ tenant: String, _ name: String) -> PendingDelivery {
        PendingDelivery(
            id: id,
            webhook: WebhookName(tenant: tenant, name: name),
            event: "\(id)",
            type: "webhook.test",
            body: "{}",
            tries: 0
        )
    }

    /// Takes as many of one webhook as there is room for.
    private static func fill(_ slots: inout DeliverySlots, _ tenant: String, _ name: String, from id: Int64) -> Int {
        var count = 0
        while slots.take(delivery(id + Int64(count), tenant, name)) { count += 1 }
        return count
    }

    @Test func `a webhook has four places, a tenant eight, all together 32`() {
        var slots = DeliverySlots()
        #expect(Self.fill(&slots, "demo", "a", from: 0) == 4)
        #expect(Self.fill(&slots, "demo", "b", from: 100) == 4)
        #expect(Self.fill(&slots, "demo", "c", from: 200) == 0)
        var taken = 8
        for tenant in 0..<10 { taken += Self.fill(&slots, "tenant-\(tenant)", "a", from: 1000 + Int64(tenant) * 100) }
        #expect(taken == 32)
        #expect(slots.openings(for: [WebhookName(tenant: "new", name: "a")]).isEmpty)
    }

    @Test func `a place that is free again is given to who waited longest`() {
        var slots = DeliverySlots()
        let names = ["a", "b", "c"].map { WebhookName(tenant: "demo", name: $0) }
        for delivery in [Self.delivery(1, "demo", "a"), Self.delivery(2, "demo", "b")] { _ = slots.take(delivery) }
        #expect(slots.openings(for: names).map(\.webhook.name) == ["c", "a", "b"])
        slots.release(Self.delivery(1, "demo", "a"))
        #expect(slots.openings(for: names).map(\.count) == [4, 4, 3])
    }

    @Test func `a delivery is not taken twice`() {
        var slots = DeliverySlots()
        var taken = [slots.take(Self.delivery(1, "demo", "a")), slots.take(Self.delivery(1, "demo", "a"))]
        slots.release(Self.delivery(1, "demo", "a"))
        taken.append(slots.take(Self.delivery(1, "demo", "a")))
        #expect(taken == [true, false, true])
    }
}

@Suite struct WebhookAddressTests {
    private let strict = WebhookAddress(allowed: NetworkList(known: []))
    private let open = WebhookAddress(allowed: NetworkList(known: ["127.0.0.0/8", "::1/128", "10.0.0.0/8"]))

    @Test(arguments: [
        "http://127.0.0.1/x", "https://127.0.0.1/x", "https://localhost/x", "https://2130706433/", "https://0x7f.1/",
        "https://[::ffff:127.0.0.1]/", "https://[::1]/", "https://169.254.169.254/", "https://[fe80::1%25eth0]/",
        "https://localhost./", "https://10.1.2.3/", "https://metadata.google.internal/", "ftp://example.com/",
        "file:///etc/passwd", "https://user:secret@example.com/", "https://user@example.com/", "https:///x",
        "example.com",
        "", "gopher://example.com/", "http://8.8.8.8/", "http://[2606:4700::1111]/",
    ])
    func `what may not be called is refused by its text`(url: String) {
        #expect(strict.refusal(of: url) != nil)
    }

    @Test(arguments: [
        "https://example.com/hook?x=1", "https://8.8.8.8/", "http://hooks.example.com/", "HTTPS://EXAMPLE.COM/",
    ])
    func `public receivers are fine`(url: String) {
        #expect(strict.refusal(of: url) == nil)
    }

    @Test(arguments: ["http://127.0.0.1:9000/x", "http://[::1]:9000/x", "http://localhost:9000/x", "http://10.1.2.3/"])
    func `private receivers are fine where their network is listed`(url: String) {
        #expect(open.refusal(of: url) == nil)
        #expect(open.refusal(of: "https://169.254.169.254/") != nil)
    }

    @Test func `in clear only allowed private addresses are dialled`() {
        #expect(open.mayDial("8.8.8.8"))
        #expect(!open.mayDialInClear("8.8.8.8"))
        #expect(open.mayDialInClear("127.0.0.1"))
        #expect(open.mayDialInClear("10.200.0.1"))
        #expect(!open.mayDialInClear("192.168.0.1"))
        #expect(!open.mayDial("192.168.0.1"))
        #expect(!open.mayDialInClear("169.254.169.254"))
        #expect(!strict.mayDialInClear("127.0.0.1"))
        #expect(!strict.mayDial("not an address"))
    }
}
