import GatewayAPI

extension LimitsResource: TableRow {
    static var headings: [String] { ["resource", "limits", "quotas"] }
    var cells: [String] {
        [resource ?? "", limits.map(\.text).joined(separator: "; "), quotas.map(\.text).joined(separator: "; ")]
    }
}

extension LimitStateResource: TableRow {
    static var headings: [String] { ["policy", "limit", "used", "remaining", "resets", "mode", "refused"] }
    var cells: [String] {
        [
            policy, Self.plain(limit), Self.plain(used), Self.plain(remaining), resetsAt ?? "",
            warnOnly ? "warns" : "refuses", String(warnOnly ? warned : refused),
        ]
    }

    private static func plain(_ number: Double) -> String {
        Int64(exactly: number).map(String.init) ?? String(number)
    }
}

extension UsageRowResource: TableRow {
    static var headings: [String] {
        ["day", "endpoint", "deployment", "key", "requests", "input tokens", "output tokens", "cost"]
    }
    var cells: [String] {
        [
            day ?? "", endpoint ?? "", deployment ?? "", key ?? "", String(requests), String(inputTokens),
            String(outputTokens), cost.description,
        ]
    }
}
