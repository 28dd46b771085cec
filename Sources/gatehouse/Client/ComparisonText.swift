import Foundation
import GatewayAPI

/// A comparison as people read it in a terminal.
enum ComparisonText {
    static func text(of comparison: ComparisonResource) -> String {
        var parts = [Table(describing: comparison).text]
        guard let report = comparison.report else { return parts[0] }
        let sentences = (report.regressions + report.notes.map { "note: \($0)" }).map(Sentence.init)
        if !sentences.isEmpty { parts.append(Table(sentences).text) }
        if report.pairs > 0 { parts.append(Table(ComparisonRow.rows(of: report)).text) }
        if !report.fields.isEmpty { parts.append(Table(report.fields.map(FieldRow.init)).text) }
        if !report.examples.isEmpty { parts.append(Table(report.examples.prefix(10).map(ExampleRow.init)).text) }
        return parts.joined(separator: "\n\n")
    }
}

extension ComparisonResource: TableRow {
    static var headings: [String] {
        ["comparison", "of", "to", "state", "verdict", "found", "compared", "agree", "alike", "left out"]
    }

    var cells: [String] {
        [
            id, "\(kind) of \(endpoint)", to, state, sum?.verdict ?? "", String(found),
            sum.map { String($0.pairs) } ?? "", Share.text(sum?.agreement), Share.text(sum?.similarity),
            skipped.map { "\($0.count): \($0.reason)" }.joined(separator: "; "),
        ]
    }
}

/// Shares as per cent.
enum Share {
    /// `97.0 %`, and nothing where there is none.
    static func text(_ share: Double?) -> String { share.map { String(format: "%.1f %%", $0 * 100) } ?? "" }
}

/// One number of both sides.
struct ComparisonRow: TableRow {
    static var headings: [String] { ["what", "callers'", "deployment's", "times"] }

    let what: String
    let one: String
    let other: String
    let ratio: String

    var cells: [String] { [what, one, other, ratio] }

    init(_ what: String, _ sides: ComparisonReport.Sides) {
        self.what = what
        one = Self.number(sides.one)
        other = Self.number(sides.other)
        ratio = sides.one > 0 ? String(format: "%.2f", sides.other / sides.one) : ""
    }

    static func rows(of report: ComparisonReport) -> [ComparisonRow] {
        let all =
            [
                ("latency, ms", report.latency), ("first byte, ms", report.firstByte), ("length, bytes", report.length),
                ("completion tokens", report.completionTokens),
            ] + report.measures.map { ("field \($0.field)", $0.values) }
        return all.compactMap { name, values in values.map { (name, $0) } }.flatMap { name, values in
            [("p50", values.p50), ("p90", values.p90), ("p95", values.p95), ("p99", values.p99)]
                .map { ComparisonRow("\(name), \($0.0)", $0.1) }
        }
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e12 ? String(Int64(value)) : String(format: "%.1f", value)
    }
}

private struct Sentence: TableRow {
    static var headings: [String] { ["findings"] }
    let text: String
    var cells: [String] { [text] }
}

private struct FieldRow: TableRow {
    static var headings: [String] { ["field", "differs in pairs"] }
    let field: ComparisonReport.Field

    init(_ field: ComparisonReport.Field) {
        self.field = field
    }

    var cells: [String] { [field.field, String(field.pairs)] }
}

private struct ExampleRow: TableRow {
    static var headings: [String] { ["capture", "status", "ms", "alike", "differs in"] }
    let pair: ComparedPair

    init(_ pair: ComparedPair) {
        self.pair = pair
    }

    var cells: [String] {
        [
            String(pair.capture), "\(pair.one.status) / \(pair.other.status)",
            String(format: "%.1f / %.1f", pair.one.durationMs, pair.other.durationMs),
            String(format: "%.3f", pair.similarity), pair.differences.map(\.field).joined(separator: " "),
        ]
    }
}
