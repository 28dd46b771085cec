import Crypto
import Curl
import Foundation
import GatewayCore
import GatewayStore
import GatewayTLS
import Logging
import NIOHTTP1
import Testing

@testable import gatehouse

/// A webhook of the tenant `demo`.
private func webhook(
    _ receiver: WebhookReceiver,
    _ name: String = "ops",
    path: String? = nil,
    headers: [UpstreamHeader] = []
) -> WebhookDefinition {
    WebhookDefinition(
        tenant: "demo",
        name: name,
        url: path.map { "http://127.0.0.1:\(receiver.port)\($0)" } ?? receiver.url,
        headers: headers
    )
}

@Suite(.timeLimit(.minutes(5))) struct WebhookServiceTests {
    @Test func `a delivery is signed so that its receiver can check it, and holds the event`() async throws {
        let receiver = try await WebhookReceiver()
        let webhooks = try RunningWebhooks([
            webhook(
                receiver,
                headers: [
                    UpstreamHeader(name: "x-team", value: "a"),
                    UpstreamHeader(name: "webhook-id", value: "forged"),
                    UpstreamHeader(name: "Content-Type", value: "text/plain"),
                ]
            )
        ])
        let event = webhooks.emit()
        let request = try #require(await receiver.requests(1).first)
        #expect(request.method == "POST")
        #expect(request.target == "/hook?from=gatehouse")
        #expect(request.body == event.body)
        #expect(request.headers["webhook-id"] == [event.id.uuidString.lowercased()])
        #expect(request.headers["content-type"] == ["application/json"])
        #expect(request.headers["x-team"] == ["a"])
        #expect(request.header("user-agent") == "Gatehouse-Webhooks")
        let timestamp = try #require(Int(request.header("webhook-timestamp")))
        #expect(abs(timestamp - Int(Date().timeIntervalSince1970)) <= 5)
        let key = SymmetricKey(data: Data("0123456789abcdef0123456789abcdef".utf8))
        let signed = Data("\(request.header("webhook-id")).\(timestamp).\(request.body)".utf8)
        let code = try #require(Data(base64Encoded: String(request.header("webhook-signature").dropFirst(3))))
        #expect(request.header("webhook-signature").hasPrefix("v1,"))
        #expect(HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: signed, using: key))
        let log = try await webhooks.log { $0.first?.state == .delivered }
        #expect(log.map(\.tries) == [1])
        #expect(log.map(\.lastStatus) == [204])
    }

    @Test func `a receiver with a certificate of its authority is reached over TLS, another is not`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hooks-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let made = try LocalAuthority.make(in: folder, names: ["127.0.0.1"])
        let files = CertificateFiles(certificate: made.certificate, key: made.key)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let receiver = try await WebhookReceiver(certificates: try CertificateStore(files: [files], logger: logger))
        let trusting = try RunningWebhooks([webhook(receiver)], authority: .file(made.authority))
        #expect(try await trusting.service.test(tenant: "demo", name: "ops").status == 204)
        let strict = try RunningWebhooks([webhook(receiver)])
        let answer = try await strict.service.test(tenant: "demo", name: "ops")
        #expect(answer.status == nil)
        #expect(!answer.isDelivered)
        #expect(receiver.requests.count == 1)
    }

    @Test func `a delivery that was refused is tried again under the same id until it is taken`() async throws {
        let receiver = try await WebhookReceiver {
            $0.number < 4 ? ($0.number == 2 ? .cut : .status(500)) : .status(200)
        }
        let webhooks = try RunningWebhooks([webhook(receiver)])
        let event = webhooks.emit()
        let requests = await receiver.requests(4)
        #expect(Set(requests.map { $0.header("webhook-id") }) == [event.identifier])
        #expect(Set(requests.map(\.body)) == [event.body])
        let log = try await webhooks.log { $0.first?.state == .delivered }
        #expect(log.map(\.tries) == [4])
        #expect(log.map(\.lastError) == [nil])
        #expect(!webhooks.log.all.contains { $0.contains("failed") })
    }

    @Test func `after eight tries a delivery has failed and is logged`() async throws {
        let receiver = try await WebhookReceiver { _ in .status(503) }
        let webhooks = try RunningWebhooks([webhook(receiver)])
        let event = webhooks.emit()
        let log = try await webhooks.log { $0.first?.state == .failed }
        #expect(log.map(\.tries) == [8])
        #expect(log.map(\.lastStatus) == [503])
        #expect(log.map(\.lastError) == ["answered 503"])
        #expect(receiver.requests.count == 8)
        let line = try #require(webhooks.log.all.first { $0.contains("a webhook delivery failed") })
        #expect(line.hasPrefix("error"))
        #expect(line.contains(event.identifier))
        #expect(line.contains("answered 503"))
        #expect(!line.contains(RunningWebhooks.secret))
    }

    @Test func `a receiver that is gone is not asked again`() async throws {
        let receiver = try await WebhookReceiver { _ in .status(410) }
        let webhooks = try RunningWebhooks([webhook(receiver)])
        webhooks.emit()
        let log = try await webhooks.log { $0.first?.state == .failed }
        #expect(log.map(\.tries) == [1])
        #expect(receiver.requests.count == 1)
    }

    @Test func `a redirect is not followed`() async throws {
        let elsewhere = try await WebhookReceiver()
        let target = elsewhere.url
        let receiver = try await WebhookReceiver { _ in .status(307, headers: [("location", target)]) }
        let webhooks = try RunningWebhooks([webhook(receiver)])
        let answer = try await webhooks.service.test(tenant: "demo", name: "ops")
        #expect(answer.status == 307)
        #expect(answer.error == "answered 307; redirects are not followed")
        #expect(elsewhere.requests.isEmpty)
    }

    @Test func `an address that is not allowed is not dialled`() async throws {
        let receiver = try await WebhookReceiver()
        let webhooks = try RunningWebhooks([webhook(receiver)], networks: NetworkList(known: []))
        let answer = try await webhooks.service.test(tenant: "demo", name: "ops")
        #expect(answer.status == nil)
        #expect(answer.error?.contains("127.0.0.1 is a private address that upstreams.allow") == true)
        #expect(receiver.requests.isEmpty)
    }

    @Test func `a name that a tenant's operator gave is not dialled where it leads into a private network`()
        async throws
    {
        let receiver = try await WebhookReceiver()
        let url = receiver.url.replacing("127.0.0.1", with: "localhost")
        let ops = WebhookDefinition(tenant: "demo", name: "ops", url: url)
        let ofTenant = try RunningWebhooks([ops], reach: Reach(privateNetworks: NetworkList(known: [])))
        let refused = try await ofTenant.service.test(tenant: "demo", name: "ops")
        #expect(refused.status == nil && refused.error?.contains("not allowed") == true)
        #expect(receiver.requests.isEmpty)
        // Held: the service ends with it.
        let ofOwner = try RunningWebhooks([ops])
        let delivered = try await ofOwner.service.test(tenant: "demo", name: "ops")
        #expect(delivered.isDelivered)
    }

    @Test func `an endless answer counts by its status`() async throws {
        let receiver = try await WebhookReceiver { _ in .status(200, body: 8 << 20) }
        let webhooks = try RunningWebhooks([webhook(receiver)])
        #expect(try await webhooks.service.test(tenant: "demo", name: "ops").isDelivered)
    }

    @Test func `a receiver that hangs fails the try when its time is over`() async throws {
        let receiver = try await WebhookReceiver { _ in .hang }
        let webhooks = try RunningWebhooks([webhook(receiver)], timeout: .milliseconds(200))
        let answer = try await webhooks.service.test(tenant: "demo", name: "ops")
        #expect(answer.status == nil)
        #expect(!answer.isDelivered)
        #expect(answer.milliseconds < 5000)
    }

    @Test func `what waits when the gateway stops is delivered after the next start`() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString)/webhooks.db")
            .path
        let receiver = try await WebhookReceiver { $0.number == 1 ? .status(503) : .status(200) }
        let first = try RunningWebhooks([webhook(receiver)], path: path, backoff: .slow)
        let event = first.emit()
        _ = try await first.log { $0.first?.tries == 1 }
        await first.stop()
        let early = try RunningWebhooks([webhook(receiver)], path: path, backoff: .slow)
        _ = try await early.service.test(tenant: "demo", name: "ops")
        await early.stop()
        let second = try RunningWebhooks([webhook(receiver)], path: path, backoff: .slow, ahead: .seconds(3601))
        let log = try await second.log { $0.contains { $0.event == event.identifier && $0.state == .delivered } }
        #expect(log.last?.tries == 2)
        // The test of the one between was sent, the delivery not: its time had not come.
        let ids = receiver.requests.map { $0.header("webhook-id") }
        #expect(ids.count == 3)
        #expect(ids[0] == event.identifier)
        #expect(ids[1] != event.identifier)
        #expect(ids[2] == event.identifier)
    }

    @Test func `what was on its way when the gateway died is sent again under the same id`() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString)/webhooks.db")
            .path
        let receiver = try await WebhookReceiver { $0.number == 1 ? .hang : .status(200) }
        let first = try RunningWebhooks([webhook(receiver)], path: path)
        let event = first.emit()
        _ = await receiver.requests(1)
        await first.stop()
        let second = try RunningWebhooks([webhook(receiver)], path: path)
        let log = try await second.log { $0.first?.state == .delivered }
        #expect(log.map(\.tries) == [1])
        #expect(receiver.requests.map { $0.header("webhook-id") } == [event.identifier, event.identifier])
    }

    @Test func `what was emitted while the gateway stops is kept`() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString)/webhooks.db")
            .path
        let receiver = try await WebhookReceiver { _ in .hang }
        let first = try RunningWebhooks([webhook(receiver)], path: path)
        first.emit()
        _ = await receiver.requests(1)
        for _ in 0..<50 { first.emit() }
        await first.stop()
        #expect(try await first.store.deliveries(of: webhook(receiver).fullName).count == 51)
    }

    @Test func `a receiver that hangs does not hold the others`() async throws {
        let hanging = try await WebhookReceiver { _ in .hang }
        let quick = try await WebhookReceiver()
        let webhooks = try RunningWebhooks([webhook(hanging, "slow"), webhook(quick)])
        for _ in 0..<40 { webhooks.emit() }
        #expect(await quick.requests(40).count == 40)
        let log = try await webhooks.log { log in log.allSatisfy { $0.state == .delivered } }
        #expect(log.count == 40)
        #expect(quick.mostOpen <= 4)
        #expect(hanging.requests.count == 4)
    }

    @Test func `removing a webhook drops what waits for it, and nothing of the others`() async throws {
        let receiver = try await WebhookReceiver { $0.target == "/gone" ? .status(500) : .status(503) }
        let gone = webhook(receiver, "gone", path: "/gone")
        let webhooks = try RunningWebhooks([gone, webhook(receiver)], backoff: .slow)
        webhooks.emit()
        _ = try await webhooks.log(of: "gone") { $0.first?.tries == 1 }
        _ = try await webhooks.log { $0.first?.tries == 1 }
        webhooks.change([webhook(receiver)])
        _ = try await webhooks.log(of: "gone") { $0.isEmpty }
        #expect(try await webhooks.log { !$0.isEmpty }.map(\.state) == [.pending])
    }

    @Test func `a secret that cannot be read fails the try and is tried again`() async throws {
        let receiver = try await WebhookReceiver()
        let problem = Problem(.secretUnreadable, "demo/ops", "the gateway's environment has no TOKEN")
        let webhooks = try RunningWebhooks([webhook(receiver)], problem: problem)
        webhooks.emit()
        let log = try await webhooks.log { $0.first?.state == .failed }
        #expect(log.map(\.lastError) == ["it cannot be sent: demo/ops: the gateway's environment has no TOKEN"])
        #expect(log.map(\.tries) == [8])
        #expect(receiver.requests.isEmpty)
    }

    @Test func `a test is sent at once, shows in the log, and needs a webhook`() async throws {
        let receiver = try await WebhookReceiver { _ in .status(404) }
        var picky = webhook(receiver)
        picky.events = ["quota.threshold"]
        let webhooks = try RunningWebhooks([picky])
        let answer = try await webhooks.service.test(tenant: "demo", name: "ops")
        #expect(answer.status == 404)
        #expect(answer.error == "answered 404")
        #expect(receiver.requests.first?.body.contains(#""type":"webhook.test""#) == true)
        let log = try await webhooks.log { !$0.isEmpty }
        #expect(log.map(\.type) == ["webhook.test"])
        #expect(log.map(\.state) == [.failed])
        await #expect(throws: StoreError.notFound(resource: "acme/webhooks/ops")) {
            try await webhooks.service.test(tenant: "acme", name: "ops")
        }
    }
}
