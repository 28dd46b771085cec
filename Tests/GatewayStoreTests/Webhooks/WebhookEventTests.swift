import Foundation
import Testing

@testable import GatewayCore
@testable import GatewayStore

@Suite struct WebhookEventTests {
    /// What a receiver reads.
    private struct Body: Decodable {
        var id: String
        var type: String
        var time: String
        var tenant: String
        var data: [String: String]
    }

    @Test func `the body holds id, type, time, tenant and data`() throws {
        let event = WebhookEvent(
            .keyExpired,
            tenant: "demo",
            time: 1_763_700_000_123,
            data: ["name": "quoted \" \\ \n é"]
        )
        let body = try JSONDecoder().decode(Body.self, from: Data(event.body.utf8))
        #expect(body.id == event.id.uuidString.lowercased())
        #expect(body.type == "key.expired")
        #expect(body.time == "2025-11-21T04:40:00.123Z")
        #expect(body.tenant == "demo")
        #expect(body.data == ["name": "quoted \" \\ \n é"])
        #expect(!event.body.contains("\n"))
    }

    @Test(arguments: [
        (UsageSubject.tenant("demo"), "tenant", "demo"),
        (.endpoint(tenant: "demo", endpoint: "chat"), "endpoint", "demo/chat"),
        (.deployment(tenant: "demo", endpoint: "chat", deployment: "blue"), "deployment", "demo/chat/blue"),
        (.caller(tenant: "demo", label: "demo#ci"), "caller", "demo#ci"),
    ])
    func `a quota's event names whose quota it is`(subject: UsageSubject, scope: String, resource: String) throws {
        let passed = QuotaEvent(
            subject: subject,
            measure: .tokens,
            window: .month,
            timeZone: "Europe/Berlin",
            percent: 80,
            used: 801,
            amount: 1000,
            windowStart: 1_761_951_600,
            windowEnd: 1_764_543_600
        )
        let event = WebhookEvent.quotaThreshold(passed, at: 1000)
        #expect(event.kind == .quotaThreshold)
        #expect(event.tenant == "demo")
        let data = try #require(try JSONSerialization.jsonObject(with: Data(event.data.utf8)) as? [String: Any])
        #expect(data["scope"] as? String == scope)
        #expect(data["resource"] as? String == resource)
        #expect(data["measure"] as? String == "tokens")
        #expect(data["window"] as? String == "month")
        #expect(data["percent"] as? Int == 80)
        #expect(data["amount"] as? Int == 1000)
        #expect(data["used"] as? Int == 801)
        #expect(data["windowEnd"] as? String == "2025-11-30T23:00:00Z")
    }

    @Test(arguments: [(false, "instance.ejected"), (true, "instance.returned")])
    func `an instance's event says which, why and since when`(isBack: Bool, type: String) throws {
        let alarm = InstanceAlarm(
            ("demo", "chat", "blue"),
            instance: "http://10.0.0.1:9000",
            isBack: isBack,
            cause: .livenessProbe,
            detail: "GET /live answered 500",
            age: 3_000_000_000
        )
        let event = WebhookEvent.instance(alarm, at: 1_763_700_000_123)
        let body = try JSONDecoder().decode(Body.self, from: Data(event.body.utf8))
        #expect(body.type == type && body.tenant == "demo" && body.time == "2025-11-21T04:40:00.123Z")
        let expected = [
            "endpoint": "chat", "deployment": "blue", "instance": "http://10.0.0.1:9000", "cause": "liveness-probe",
            "detail": "GET /live answered 500", "since": "2025-11-21T04:39:57Z",
        ]
        #expect(body.data == expected)
    }
}

@Suite struct WebhookOutboxTests {
    private static func event(_ name: String) -> WebhookEvent {
        WebhookEvent(.test, tenant: "demo", time: 0, data: ["name": name])
    }

    @Test func `what does not fit is dropped and counted`() {
        let outbox = WebhookOutbox(mostEvents: 3)
        let events = (0..<5).map { Self.event("\($0)") }
        for event in events { outbox.emit(event) }
        let batch = outbox.takeAll()
        #expect(batch.events == Array(events.prefix(3)))
        #expect(batch.dropped == 2)
        #expect(outbox.takeAll().dropped == 0)
    }

    @Test func `large events fill it sooner`() {
        let outbox = WebhookOutbox(mostBytes: 1000)
        for _ in 0..<3 { outbox.emit(Self.event(String(repeating: "x", count: 400))) }
        let batch = outbox.takeAll()
        #expect(batch.events.count == 2)
        #expect(batch.dropped == 1)
    }

    @Test func `an event wakes the reader, many wake it once`() async {
        let outbox = WebhookOutbox()
        for _ in 0..<100 { outbox.emit(Self.event("x")) }
        var wakes = outbox.wakes.makeAsyncIterator()
        await wakes.next()
        #expect(outbox.takeAll().events.count == 100)
    }
}
