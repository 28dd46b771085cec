import Curl
import Foundation
import GatewayProxy
import GatewayStore
import NIOCore

/// The collector that traces are posted to.
struct TraceTarget: Sendable {
    /// What a collector said to a batch.
    enum Answer: Sendable, Equatable {
        /// - Parameter complaint: about a part of it, which it does not want again.
        case taken(complaint: String?)
        /// It does not want this batch at all.
        case refused(String)
        /// It may take it later.
        ///
        /// - Parameter seconds: which it asks to be left alone for.
        case failed(String, seconds: Int64? = nil)
        /// The gateway stops.
        case cancelled
    }

    private static let largestAnswer = 64 << 10

    private let settings: TraceSettings
    private let secrets: SecretResolver

    init(_ configuration: Configuration) {
        settings = configuration.traces
        secrets = SecretResolver(
            env: Set(configuration.secretVariables),
            files: Set(configuration.secretFiles)
        )
    }

    /// `nil` where there is no collector.
    var endpoint: String? { settings.endpoint }

    /// What says whose traces they are.
    var resource: [String: String] {
        settings.attributes.merging(
            [
                "service.name": settings.service ?? "gatehouse", "service.version": Gatehouse.release,
                "service.instance.id": UUID().uuidString.lowercased(),
            ]
        ) { _, own in own }
    }

    /// The configured headers, with what they refer to.
    func headers() throws(Problem) -> [(String, String)] {
        var headers: [(String, String)] = []
        for header in settings.headers {
            let value =
                try header.isLiteral
                ? header.value : secrets.resolve(header.value, resource: "traces", field: "headers")
            headers.append((header.name, value))
        }
        return headers
    }

    /// - Parameter bound: at most; the settings may say less.
    func post(_ body: ByteBuffer, through curl: CurlClient, within bound: Duration = .seconds(600)) async -> Answer {
        guard let endpoint else { return .refused("there is no collector") }
        var request = CurlRequest(
            method: "POST",
            url: endpoint,
            hasBody: true,
            contentLength: body.readableBytes,
            authority: settings.authority.map { .file($0) } ?? .system
        )
        request.timeout = min(bound, settings.timeout ?? .seconds(10))
        request.headers = [
            ("content-type", "application/x-protobuf"), ("user-agent", "Gatehouse-OTLP-Exporter/\(Gatehouse.release)"),
        ]
        do throws(Problem) {
            request.headers += try headers()
        } catch {
            return .failed(error.message)
        }
        do throws(CurlFailure) {
            return Self.answer(try await curl.fetch(request, body: body, limit: Self.largestAnswer))
        } catch {
            return error.phase == .cancelled ? .cancelled : .failed(String(error.reason.prefix(300)))
        }
    }

    /// By OTLP's rules: what it may be tried again after.
    static func answer(_ response: CurlResponse) -> Answer {
        let status = response.head.status
        switch status {
        case 200..<300:
            let text = Array(response.body.readableBytesView)
            return .taken(complaint: TraceMessage.complaint(in: text))
        case 429, 502, 503, 504:
            let now = Int64(Date().timeIntervalSince1970)
            let asked = response.head.first("retry-after").flatMap { RetryAfter.seconds($0, at: now) }
            return .failed("the collector answered \(status)", seconds: asked)
        default: return .refused("the collector answered \(status)")
        }
    }
}
