import ArgumentParser
import Foundation
import GatewayAPI
import Testing

@testable import gatehouse

/// The page of a comparison, whatever was captured.
@Suite struct ReportPageTests {
    private static let hostile = [
        "<script>alert(1)</script>", "</pre></td><img src=x onerror=alert(1)>", "\"><svg/onload=alert(1)>",
        "'-alert(1)-'", "&lt;script&gt;", "<!--", "\u{202e}txt.exe", "\u{1b}[31m", "</title></style><script>",
    ]

    private static func comparison(_ text: String) -> ComparisonResource {
        var request = ComparisonRequest(endpoint: text, to: text)
        request.text = text
        var comparison = ComparisonResource(
            id: "1",
            kind: "replay",
            state: "failed",
            author: text,
            startTime: "2026-12-31T18:00:00Z",
            request: request
        )
        comparison.error = text
        comparison.skipped = [.init(reason: text, count: 1)]
        let sides = ComparisonReport.Sides(one: 1, other: 2)
        let percentiles = ComparisonReport.Percentiles(pairs: 1, p50: sides, p90: sides, p95: sides, p99: sides)
        var report = ComparisonReport(verdict: text, latency: percentiles, length: percentiles)
        report.regressions = [text]
        report.notes = [text]
        report.ignored = [text]
        report.fields = [.init(field: text, pairs: 1)]
        report.measures = [.init(field: text, values: percentiles)]
        var pair = ComparedPair(
            capture: 1,
            requestId: text,
            one: .init(status: 200, durationMs: 1, bytes: 1),
            other: .init(status: 500, durationMs: 1, bytes: 1),
            method: text
        )
        pair.differences = [.init(field: text, one: text, other: nil), .init(field: text, one: nil, other: text)]
        report.examples = [pair]
        comparison.report = report
        return comparison
    }

    @Test(arguments: hostile) func `text from outside is text, wherever it stands`(text: String) {
        let (page, plain) = (ReportPage(Self.comparison(text)).html, ReportPage(Self.comparison("plain")).html)
        // The same tags, attributes and comments as with a harmless text: the marks are those of the page itself.
        func marks(_ page: String) -> [Character] { page.filter { "<>\"'".contains($0) }.map(\.self) }
        #expect(marks(page) == marks(plain))
        #expect(page.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202e || $0 == "\n" })
        #expect(page.contains("default-src 'none'"))
        #expect(!page.lowercased().contains("<script"))
    }

    @Test func `a terminal gets no control character of it`() {
        let text = ComparisonText.text(of: Self.comparison("\u{1b}[31m\u{7}"))
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
    }

    @Test func `a list, which has no reports, shows what each has come to`() {
        var comparison = Self.comparison("plain")
        comparison.report = nil
        comparison.sum = .init(verdict: "differs", pairs: 50, agreed: 45, agreement: 0.9, similarity: 0.95)
        let cells = Dictionary(uniqueKeysWithValues: zip(ComparisonResource.headings, comparison.cells))
        #expect(cells["verdict"] == "differs" && cells["compared"] == "50")
        #expect(cells["agree"] == "90.0 %" && cells["alike"] == "95.0 %")
    }

    /// A gate that runs `replay` let a deployment pass that nothing was sent to.
    @Test func `where nothing was compared the command fails, and shows no agreement and no latency`() throws {
        var comparison = Self.comparison("plain")
        comparison.error = nil
        comparison.sum = .init(verdict: "nothing_compared", pairs: 0, agreed: 0, agreement: nil, similarity: nil)
        comparison.report = ComparisonReport(verdict: "nothing_compared", latency: nil, length: nil)
        let (text, page) = (ComparisonText.text(of: comparison), ReportPage(comparison).html)
        #expect(text.contains("nothing_compared") && !text.contains("%") && !text.contains("latency"))
        #expect(!page.contains(" %") && !page.contains("latency") && page.contains("Nothing was compared."))
        #expect(page.contains(#"class="differs">nothing_compared<"#))
        #expect(throws: ReportOptions.nothingCompared) {
            try ReportOptions.parse([]).show(comparison, try OutputOptions.parse([]))
        }
    }
}
