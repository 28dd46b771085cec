/// Usage as a table for spreadsheets (RFC 4180), one line for each group.
package enum UsageReport {
    /// - Returns: a line of names and the lines of values, each ended by CR LF.
    package static func csv(_ sums: [UsageSum], groupBy: Set<UsageGrouping>) -> String {
        let groups = [UsageGrouping.day, .tenant, .endpoint, .deployment, .key].filter(groupBy.contains)
        let names = groups.map(\.rawValue) + ["requests", "inputTokens", "outputTokens", "cost"]
        let lines = sums.map { sum in
            groups.map { field(sum.text(of: $0)) }
                + [String(sum.requests), String(sum.inputTokens), String(sum.outputTokens), money(sum.cost)]
        }
        return ([names] + lines).map { $0.joined(separator: ",") + "\r\n" }.joined()
    }

    /// A text that no spreadsheet takes for a formula, and that stays in its line (SECURITY A-4).
    static func field(_ text: String) -> String {
        var text = String(text.unicodeScalars.filter { $0 != "\r" && $0 != "\n" })
        if let first = text.unicodeScalars.first, "=+-@\t".unicodeScalars.contains(first) { text = "'" + text }
        guard text.unicodeScalars.contains(where: { ",\"';\t".unicodeScalars.contains($0) }) else { return text }
        return "\"\(text.replacing("\"", with: "\"\""))\""
    }

    /// Millionths as a decimal number.
    static func money(_ millionths: Int64) -> String {
        let (whole, rest) = millionths.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        let digits = String(rest)
        let sign = millionths < 0 ? "-" : ""
        return "\(sign)\(whole).\(String(repeating: "0", count: 6 - digits.count))\(digits)"
    }
}

extension UsageSum {
    fileprivate func text(of group: UsageGrouping) -> String {
        switch group {
        case .day: day ?? ""
        case .tenant: tenant ?? ""
        case .endpoint: endpoint ?? ""
        case .deployment: deployment ?? ""
        case .key: key ?? ""
        }
    }
}
