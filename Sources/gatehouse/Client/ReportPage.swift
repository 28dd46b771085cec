import Foundation
import GatewayAPI

/// A comparison as one page for a browser, with nothing beside it: no script, no picture, no address.
///
/// Every text that came from outside is escaped by `escaped`, and a policy in the page forbids all that none of it needs
/// (SECURITY A-3).
struct ReportPage {
    private let comparison: ComparisonResource

    init(_ comparison: ComparisonResource) {
        self.comparison = comparison
    }

    var html: String {
        let title = "\(comparison.kind) of \(comparison.endpoint) to \(comparison.to)"
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="\(Self.policy)">
            <meta name="referrer" content="no-referrer">
            <meta name="viewport" content="width=device-width">
            <title>\(escaped(title))</title>
            <style>\(Self.style)</style>
            </head>
            <body>
            <h1>\(escaped(title))</h1>
            \(summary)
            \(comparison.report.map(body) ?? "")
            </body>
            </html>

            """
    }

    private static let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

    private static let style = """
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 72em; padding: 0 1em; color: #222; }
        table { border-collapse: collapse; margin: 1em 0; width: 100%; }
        th, td { border-bottom: 1px solid #ddd; padding: .3em .6em; text-align: left; vertical-align: top; }
        th { color: #555; font-weight: 600; }
        pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; }
        .agree, .differs { display: inline-block; border-radius: .3em; padding: .1em .7em; color: #fff; background: #2b7a3d; }
        .differs { background: #b3261e; }
        """

    private var summary: String {
        let verdict = comparison.report?.verdict ?? comparison.state
        let isBad = ["differs", "nothing_compared"].contains(verdict) || comparison.error != nil
        var rows = [
            ("asked by", comparison.author), ("from", comparison.startTime), ("to", comparison.endTime ?? ""),
            ("state", comparison.state), ("captures found", "\(comparison.found)"),
        ]
        if let error = comparison.error { rows.append(("stopped because", error)) }
        rows += comparison.skipped.map { ("left out: \($0.reason)", "\($0.count)") }
        return """
            <p><strong class="\(isBad ? "differs" : "agree")">\(escaped(verdict))</strong></p>
            \(table(nil, rows.map { [$0.0, $0.1] }))
            """
    }

    private func body(_ report: ComparisonReport) -> String {
        var parts = [
            list("What is worse", report.regressions), list("Notes", report.notes),
            "<p>\(sum(report)) Members not compared: \(escaped(report.ignored.joined(separator: ", "))).</p>",
            section("Numbers", ComparisonRow.headings, ComparisonRow.rows(of: report).map(\.cells)),
            section(
                "Statuses",
                ["callers'", "deployment's", "pairs"],
                report.statuses.map { [status($0.one), status($0.other), "\($0.pairs)"] }
            ),
            section("Fields that differ", ["field", "pairs"], report.fields.map { [$0.field, "\($0.pairs)"] }),
        ]
        if !report.examples.isEmpty { parts.append("<h2>Pairs that differ, the first \(report.examples.count)</h2>") }
        parts += report.examples.map(example)
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private func sum(_ report: ComparisonReport) -> String {
        guard report.pairs > 0 else { return "Nothing was compared." }
        return """
            \(report.agreed) of \(report.pairs) pairs agree (\(Share.text(report.agreement))), alike to \
            \(Share.text(report.similarity)) in the mean.
            """
    }

    private func example(_ pair: ComparedPair) -> String {
        let head = """
            capture \(pair.capture), request \(pair.requestId): \(pair.one.durationMs) ms and \(pair.other.durationMs) ms, \
            \(pair.one.bytes) and \(pair.other.bytes) bytes, alike to \(Share.text(pair.similarity)) by \(pair.method)
            """
        let rows = pair.differences.map { [$0.field, $0.one ?? "(none)", $0.other ?? "(none)"] }
        return "<h3>\(escaped(head))</h3>" + table(["field", "caller's", "deployment's"], rows)
    }

    private func status(_ status: Int) -> String { status == 0 ? "no answer" : "\(status)" }

    private func list(_ title: String, _ items: [String]) -> String {
        guard !items.isEmpty else { return "" }
        return "<h2>\(escaped(title))</h2><ul>" + items.map { "<li>\(escaped($0))</li>" }.joined() + "</ul>"
    }

    private func section(_ title: String, _ headings: [String], _ rows: [[String]]) -> String {
        rows.isEmpty ? "" : "<h2>\(escaped(title))</h2>" + table(headings, rows)
    }

    private func table(_ headings: [String]?, _ rows: [[String]]) -> String {
        let head = headings.map { "<tr>" + $0.map { "<th>\(escaped($0))</th>" }.joined() + "</tr>" } ?? ""
        let body = rows.map { "<tr>" + $0.map { "<td><pre>\(escaped($0))</pre></td>" }.joined() + "</tr>" }
        return "<table>" + head + body.joined(separator: "\n") + "</table>"
    }

    /// A text as a page shows it, whatever is in it.
    private func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            // The last two join what is one sign.
            case "\n", "\t", "\u{200c}", "\u{200d}": escaped.unicodeScalars.append(scalar)
            default:
                // What turns the direction of the text behind it, too, is shown and not obeyed.
                switch scalar.properties.generalCategory {
                case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
                    escaped += "\u{fffd}"
                default: escaped.unicodeScalars.append(scalar)
                }
            }
        }
        return escaped
    }
}
