import Foundation
import GatewayAPI

extension CaptureSummaryResource: TableRow {
    static var headings: [String] {
        [
            "number", "time", "endpoint", "deployment", "caller", "status", "ms", "tokens", "bytes", "mirror of",
            "label",
            "request",
        ]
    }

    var cells: [String] {
        [
            String(id), time, endpoint, deployment, caller, String(status == 0 ? upstreamStatus : status),
            String(format: "%.1f", durationMs), "\(promptTokens ?? 0)+\(completionTokens ?? 0)",
            "\(requestBytes)+\(responseBytes)", mirrorOf ?? "", label ?? "", requestId,
        ]
    }
}
