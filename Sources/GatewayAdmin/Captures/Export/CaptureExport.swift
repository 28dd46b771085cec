import Crypto
import Foundation
package import GatewayCore
package import GatewayStore

/// Writes captures in a format that other programs read: for each one the lines, and the files that they belong to.
///
/// What it gets was redacted before it was stored; it adds nothing of the gateway's that is secret.
package struct CaptureExport: Sendable {
    /// What is known of a tenant beside its captures.
    package struct Labels: Sendable {
        /// Azure's, where the tenant has them.
        var subscription: String
        var resourceGroup: String

        package init(_ tenant: TenantDefinition?) {
            subscription = tenant?.subscription ?? ""
            resourceGroup = tenant?.resourceGroup ?? ""
        }
    }

    package let format: ExportFormat

    package init(_ format: ExportFormat) {
        self.format = format
    }

    /// - Parameter rolling: how often its files change; SageMaker's folders are of hours in any case.
    package func lines(
        _ capture: StoredCapture,
        _ labels: Labels,
        rolling: RollingRate = .hour
    ) throws -> [ExportedLine] {
        switch format {
        case .sagemaker: [Self.sageMaker(capture, rolling)]
        case .azure: Self.azure(capture, labels, rolling)
        case .kserve: Self.kServe(capture, rolling)
        case .jsonl: [try Self.record(capture, rolling)]
        }
    }

    /// A file below a deployment's folder.
    static func file(_ row: CaptureRow, _ rolling: RollingRate, named name: String = ExportFolders.instance) -> String {
        let names = ExportFolders.path([row.receipt.endpoint, row.receipt.deployment])
        return "\(names)/\(ExportFolders.time(row.receipt.startedAt, rolling))/\(name).jsonl"
    }

    /// What the caller got; of a mirrored call, what the upstream said.
    static func status(_ receipt: Receipt) -> Int { receipt.status == 0 ? receipt.upstreamStatus : receipt.status }

    /// A UUID that is a capture's, or its half's, own in every export, and no other's.
    static func identifier(_ row: CaptureRow, _ half: String = "") -> String {
        let name = "\(row.receipt.tenant)/\(row.id)/\(row.receipt.startedAt)/\(row.receipt.requestID)/\(half)"
        var bytes = Array(SHA256.hash(data: Data(name.utf8)).prefix(16))
        // RFC 9562 5.8: version 8, whose bits are anybody's.
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return [hex[0..<4], hex[4..<6], hex[6..<8], hex[8..<10], hex[10..<16]].map { $0.joined() }
            .joined(separator: "-")
    }

    /// Of the request's first byte, or of the answer's last.
    static func time(_ receipt: Receipt, isEnd: Bool) -> String {
        WireTime.precise(milliseconds: (receipt.startedAt + (isEnd ? receipt.durationMicroseconds : 0)) / 1000)
    }

    /// The content type as it was sent.
    static func contentType(_ message: CapturedMessage) -> String {
        message.first("content-type") ?? "application/octet-stream"
    }
}

extension StoredCapture {
    /// Whether a half was kept: rules may keep one alone.
    var hasRequest: Bool { has(.request, content.request) }
    var hasResponse: Bool { has(.response, content.response) }

    private func has(_ half: CaptureCollection.Half, _ message: CapturedMessage) -> Bool {
        let collected = row.collections.compactMap { CaptureCollection(name: $0, samplingRate: 1).half }
        return collected.isEmpty ? !message.headers.isEmpty || message.size > 0 : collected.contains(half)
    }
}
