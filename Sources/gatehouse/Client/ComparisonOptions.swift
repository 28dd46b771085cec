import ArgumentParser
import Foundation
import GatewayAPI
import GatewayAdmin

/// Which stored samples are compared, and what counts as a difference.
struct ComparisonFilter: ParsableArguments {
    @Argument(help: OnlyTenant.help) var tenant: TenantName?
    @Option(help: "The endpoint.") var endpoint: String
    @Option(help: "The deployment whose answers are compared.") var to: String
    @Option(help: "Of this caller only, as receipts name it: demo/chat#primary.") var caller: String?
    @Option(help: "Of this request only.") var request: String?
    @Option(help: "With this status only: 404, 4xx or 500-599.") var status: String?
    @Option(help: "From when: 24h, 30d, 2026-11-01.", transform: PastTime.init) var since: PastTime?
    @Option(help: "Until when.", transform: PastTime.init) var until: PastTime?
    @Option(help: "That took at least so many milliseconds.") var slowerThanMs: Int64?
    @Option(help: "With at least so many tokens, of both kinds.") var tokens: Int64?
    @Option(help: "With this label only.") var label: String?
    @Option(help: "With these words in either body; phrases in quotes, AND, OR, NOT.") var text: String?
    @Option(help: "How many of the newest, 1 to 10000.") var limit = 1000
    @Option(
        help: """
            A member that is not compared, by its name or as .choices[].logprobs; may be given several times. Never are: id, \
            created, created_at, timestamp, request_id, system_fingerprint, model, usage.
            """
    )
    var ignore: [String] = []
    @Option(help: "A member that is compared all the same: one of these, or one whose name tells a time.")
    var compare: [String] = []
    @Option(help: "How alike texts are that agree, 0 to 1.") var similarity = 1.0
    @Option(help: "By what share numbers may differ that agree, 0 to 1.") var tolerance = 0.0
    @Option(help: "The share of answers that may differ, 0 to 1.") var differing = 0.01
    @Option(
        help: """
            How many times as slow it may be; by default 1.5, and any number where a replay runs several at once that came apart.
            """
    )
    var slower: Double?

    func validate() throws {
        try PastTime.check(since, until)
        try CaptureFilters.check(status: status)
        try Self.check(limit, in: 1...10_000, "--limit")
        try Self.check(similarity, in: 0...1, "--similarity")
        try Self.check(tolerance, in: 0...1, "--tolerance")
        try Self.check(differing, in: 0...1, "--differing")
        try Self.check(slower ?? 1, in: 1...1000, "--slower")
        do throws(APIError) {
            try ComparedField.check(ignore: ignore, compare: compare)
        } catch {
            throw ValidationError("--\(error)")
        }
    }

    /// What is no number is in no range.
    static func check<Number: Comparable>(_ number: Number, in range: ClosedRange<Number>, _ option: String) throws {
        guard !range.contains(number) else { return }
        throw ValidationError("\(option) must be \(range.lowerBound) to \(range.upperBound)")
    }

    var asked: ComparisonRequest {
        var asked = ComparisonRequest(endpoint: endpoint, to: to)
        asked.limit = limit
        asked.caller = caller
        asked.requestId = request
        asked.status = status
        asked.since = since?.text
        asked.until = until?.text
        asked.slowerThanMs = slowerThanMs
        asked.tokens = tokens
        asked.label = label
        asked.text = text
        asked.ignore = ignore.isEmpty ? nil : ignore
        asked.compare = compare.isEmpty ? nil : compare
        asked.similarity = similarity
        asked.tolerance = tolerance
        asked.differing = differing
        asked.slower = slower
        return asked
    }
}

/// Where the report goes besides the terminal.
struct ReportOptions: ParsableArguments {
    /// Of a command whose answers differ.
    static let differs = ExitCode(2)
    /// Of one that has compared nothing: to a script that waits for agreement this is no success.
    static let nothingCompared = ExitCode(3)

    @Option(name: .customLong("report"), help: "A file for the report as a page for a browser.") var page: String?
    @Option(name: .customLong("json"), help: "A file for the report as JSON, which has every pair.") var json: String?

    /// Before anything is sent: whether the files can be written.
    func check() throws {
        for path in [json, page].compactMap(\.self) { try PrivateOutput.check(path) }
    }

    /// Prints the result first: a disk that is full by now takes nothing of it away, nor of the verdict.
    func show(_ comparison: ComparisonResource, _ output: OutputOptions) throws {
        switch output.output {
        case .table: print(ComparisonText.text(of: comparison))
        case .json, .yaml: try output.write(comparison)
        }
        var failures: [ClientError] = []
        for (path, bytes) in try files(comparison) {
            do throws(ClientError) {
                try PrivateOutput.put(bytes, to: path)
            } catch {
                failures.append(error)
            }
        }
        failures.forEach { report("Error: \($0)") }
        if let error = comparison.error { throw ClientError("the comparison could not go on: \(error)") }
        switch comparison.report?.verdict {
        case "differs": throw Self.differs
        case "nothing_compared": throw Self.nothingCompared
        default: break
        }
        if !failures.isEmpty { throw ExitCode.failure }
    }

    private func files(_ comparison: ComparisonResource) throws -> [(path: String, bytes: Data)] {
        var files: [(String, Data)] = []
        if let json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            files.append((json, try encoder.encode(comparison)))
        }
        if let page { files.append((page, Data(ReportPage(comparison).html.utf8))) }
        return files
    }
}
