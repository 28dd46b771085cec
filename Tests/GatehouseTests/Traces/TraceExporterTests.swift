import Foundation
import GatewayTLS
import Logging
import NIOCore
import ServiceLifecycle
import Testing

@testable import Curl
@testable import GatewayCore
@testable import gatehouse

@Suite struct TraceExporterTests {
    private static let context = TraceContext(trace: .init(high: 1, low: 2), span: 10, isSampled: true)

    private static func fill(_ queue: TraceQueue, _ count: Int) {
        for number in 0..<count {
            let receipt = Receipt(requestID: "\(number)", startedAt: 1)
            queue.append(Trace(context: context, receipt: receipt, steps: []))
        }
    }

    /// Runs an exporter until `isDone`, then stops it.
    private static func export(
        to url: String?,
        _ queue: TraceQueue,
        authority: String? = nil,
        until isDone: @escaping @Sendable () -> Bool
    ) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var configuration = Configuration()
        configuration.traces.endpoint = url
        configuration.traces.authority = authority
        configuration.traces.timeout = .milliseconds(500)
        let backoff = TraceExporter.Backoff(first: .milliseconds(10), longest: .milliseconds(20), tries: 3)
        let target = TraceTarget(configuration)
        let exporter = TraceExporter(queue: queue, target: target, backoff: backoff, logger: logger)
        let group = ServiceGroup(services: [exporter], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let end = ContinuousClock.now + .seconds(20)
            while !isDone(), ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(5)) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func `batches are posted as protobuf until nothing waits`() async throws {
        let receiver = try await WebhookReceiver { _ in .status(200) }
        let queue = TraceQueue()
        Self.fill(queue, 600)
        try await Self.export(to: receiver.url, queue) { queue.counts.sent == 600 }
        #expect(queue.counts == .init(sent: 600, dropped: 0, waiting: 0, failures: 0))
        #expect(receiver.requests.count == 3)
        let first = try #require(receiver.requests.first)
        #expect(first.method == "POST" && first.header("content-type") == "application/x-protobuf")
    }

    @Test func `credentials in a path or a model's name are in no span`() async throws {
        let receiver = try await WebhookReceiver { _ in .status(200) }
        let queue = TraceQueue()
        var receipt = Receipt(requestID: "1", startedAt: 1)
        (receipt.path, receipt.deployment) = ("/sk-aaaaaaaaaaaaaaaaaaaaaaaa/v1/chat/completions", "blue")
        receipt.model = "ghk_aaaaaaaaaaaaaaaaaaaaaaaa"
        let call = Trace.Call(span: 7, deployment: "blue", instance: "", resends: 0)
        let steps = [Trace.Step(.call(call), start: 0, end: 1)]
        queue.append(Trace(context: Self.context, receipt: receipt, steps: steps))
        try await Self.export(to: receiver.url, queue) { queue.counts.sent == 1 }
        let body = try #require(receiver.requests.first).body
        #expect(body.contains("chat [credential]") && body.contains("/[credential]/v1/chat/completions"))
        #expect(!body.contains("aaaa"))
    }

    @Test func `a caller's tracestate is in its span, without the credentials in it`() async throws {
        let receiver = try await WebhookReceiver { _ in .status(200) }
        let queue = TraceQueue()
        let state = "vendor=sk-aaaaaaaaaaaaaaaaaaaaaaaa,other=b7ad6b7169203331"
        let context = TraceContext(trace: .init(high: 1, low: 2), span: 10, isSampled: true, state: state)
        queue.append(Trace(context: context, receipt: Receipt(requestID: "1", startedAt: 1), steps: []))
        try await Self.export(to: receiver.url, queue) { queue.counts.sent == 1 }
        let body = try #require(receiver.requests.first).body
        #expect(body.contains("vendor=[credential],other=b7ad6b7169203331") && !body.contains("aaaa"))
    }

    @Test(arguments: [429, 502, 503, 504]) func `a batch that may be taken later is sent again`(status: Int)
        async throws
    {
        let receiver = try await WebhookReceiver { request in
            request.number < 3 ? .status(status, headers: [("retry-after", "0")]) : .status(200)
        }
        let queue = TraceQueue()
        Self.fill(queue, 1)
        try await Self.export(to: receiver.url, queue) { queue.counts.sent == 1 }
        #expect(queue.counts == .init(sent: 1, dropped: 0, waiting: 0, failures: 2))
        #expect(receiver.requests.count == 3)
    }

    @Test(arguments: [400, 401, 404, 413, 500]) func `a batch that is not wanted is dropped`(status: Int) async throws {
        let receiver = try await WebhookReceiver { _ in .status(status) }
        let queue = TraceQueue()
        Self.fill(queue, 2)
        try await Self.export(to: receiver.url, queue) { queue.counts.dropped == 2 }
        #expect(queue.counts == .init(sent: 0, dropped: 2, waiting: 0, failures: 1))
        #expect(receiver.requests.count == 1)
    }

    @Test func `a collector that hangs, cuts or is not there costs tries and then the batch`() async throws {
        let replies: [WebhookReceiver.Reply] = [.hang, .cut]
        for reply in replies {
            let receiver = try await WebhookReceiver { _ in reply }
            let queue = TraceQueue()
            Self.fill(queue, 1)
            try await Self.export(to: receiver.url, queue) { queue.counts.dropped == 1 }
            #expect(queue.counts == .init(sent: 0, dropped: 1, waiting: 0, failures: 3))
        }
        let queue = TraceQueue()
        Self.fill(queue, 1)
        try await Self.export(to: "http://127.0.0.1:1/v1/traces", queue) { queue.counts.dropped == 1 }
        #expect(queue.counts.failures == 3)
    }

    @Test func `a collector with a certificate of the authority that is named is reached over TLS, another is not`()
        async throws
    {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("traces-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let made = try LocalAuthority.make(in: folder, names: ["127.0.0.1"])
        let files = CertificateFiles(certificate: made.certificate, key: made.key)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let receiver = try await WebhookReceiver(certificates: try CertificateStore(files: [files], logger: logger)) {
            _ in .status(200)
        }
        let queue = TraceQueue()
        Self.fill(queue, 1)
        try await Self.export(to: receiver.url, queue) { queue.counts.dropped == 1 }
        #expect(receiver.requests.isEmpty)
        Self.fill(queue, 1)
        try await Self.export(to: receiver.url, queue, authority: made.authority) { queue.counts.sent == 1 }
        #expect(receiver.requests.count == 1)
    }

    @Test func `what waits when the gateway stops gets one try`() async throws {
        for (status, isTaken) in [(200, true), (503, false)] {
            let receiver = try await WebhookReceiver { request in
                .status(request.number == 1 ? 503 : status, headers: [("retry-after", "60")])
            }
            let queue = TraceQueue()
            Self.fill(queue, 3)
            try await Self.export(to: receiver.url, queue) { queue.counts.failures == 1 }
            let counts = queue.counts
            #expect(counts.waiting == 0 && counts.sent == (isTaken ? 3 : 0) && counts.dropped == (isTaken ? 0 : 3))
        }
    }

    @Test func `the wait before another try grows, and a collector's own word counts up to a bound`() {
        let backoff = TraceExporter.Backoff()
        for (tried, seconds) in [(1, 1.0), (2, 2), (3, 4), (4, 8)] {
            let wait = backoff.wait(after: tried, asked: nil)
            #expect(wait >= .seconds(seconds * 0.8) && wait <= .seconds(seconds * 1.2))
        }
        #expect(backoff.wait(after: 1, asked: 7) == .seconds(7) && backoff.wait(after: 1, asked: -7) == .zero)
        #expect(backoff.wait(after: 1, asked: .max) == .seconds(300))
    }

    private static func answer(_ status: Int, _ headers: [(String, String)] = [], _ body: [UInt8] = [])
        -> TraceTarget.Answer
    {
        TraceTarget.answer(
            CurlResponse(
                head: CurlHead(status: status, version: "1.1", headers: headers),
                body: ByteBuffer(bytes: body)
            )
        )
    }

    @Test func `a collector's answer says what becomes of the batch`() {
        #expect(Self.answer(200) == .taken(complaint: nil))
        #expect(Self.answer(429, [("Retry-After", "5")]) == .failed("the collector answered 429", seconds: 5))
        #expect(Self.answer(503) == .failed("the collector answered 503", seconds: nil))
        #expect(Self.answer(400) == .refused("the collector answered 400"))
        #expect(Self.answer(302) == .refused("the collector answered 302"))
        // partial_success { rejected_spans: 2, error_message: "old" }
        let partial: [UInt8] = [0x0a, 0x07, 0x08, 0x02, 0x12, 0x03, 0x6f, 0x6c, 0x64]
        #expect(Self.answer(200, [], partial) == .taken(complaint: "the collector has rejected 2 spans: old"))
        #expect(Self.answer(200, [], [0x0a, 0x00]) == .taken(complaint: nil))
        #expect(Self.answer(200, [], [0xff]) == .taken(complaint: nil))
    }

    @Test func `headers are resolved, and what cannot be is said without a value`() throws {
        var configuration = Configuration()
        configuration.secretVariables = ["PATH"]
        configuration.traces.headers = [
            .init(name: "a", value: "x ${env:PATH}"), .init(name: "b", value: "${env:no}", isLiteral: true),
        ]
        let headers = try TraceTarget(configuration).headers()
        #expect(headers[0].1.hasPrefix("x ") && headers[0].1.count > 3 && headers[1].1 == "${env:no}")
        configuration.traces.headers = [.init(name: "a", value: "${env:HOME}")]
        let target = TraceTarget(configuration)
        #expect(throws: (any Error).self) { try target.headers() }
    }
}
