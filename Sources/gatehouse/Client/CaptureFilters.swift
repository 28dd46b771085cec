import ArgumentParser
import Foundation
import GatewayAdmin
import GatewayStore

/// Which captures a command is about.
struct CaptureFilters: ParsableArguments {
    @Option(help: "Of this endpoint only.") var endpoint: String?
    @Option(help: "Of this deployment only.") var deployment: String?
    @Option(help: "Of this caller only, as receipts name it: demo/chat#primary.") var caller: String?
    @Option(help: "Of this request only: both halves of a mirrored pair.") var request: String?
    @Option(help: "With this status only: 404, 4xx or 500-599.") var status: String?
    @Option(help: "From when: 24h, 30d, 2026-11-01.", transform: PastTime.init) var since: PastTime?
    @Option(help: "Until when.", transform: PastTime.init) var until: PastTime?
    @Option(help: "That took at least so many milliseconds.") var slowerThanMs: Int?
    @Option(help: "With at least so many tokens, of both kinds.") var tokens: Int?
    @Option(help: "With this label only.") var label: String?
    @Option(help: "With these words in either body; phrases in quotes, AND, OR, NOT.") var text: String?

    func validate() throws {
        try PastTime.check(since, until)
        try Self.check(status: status)
    }

    static func check(status: String?) throws {
        do throws(APIError) {
            _ = try status.map(CaptureQuery.statuses)
        } catch {
            throw ValidationError("--\(error)")
        }
    }

    /// What stands behind the question mark.
    ///
    /// - Parameter further: what else is asked for.
    func query(beside further: [(String, String?)]) -> String {
        let parameters: [(String, String?)] =
            [
                ("endpoint", endpoint), ("deployment", deployment), ("caller", caller), ("requestId", request),
                ("status", status), ("since", since?.text), ("until", until?.text),
                ("slowerThanMs", slowerThanMs.map(String.init)), ("tokens", tokens.map(String.init)),
                ("label", label), ("text", text),
            ] + further
        return parameters.compactMap { name, value in
            value?.addingPercentEncoding(withAllowedCharacters: .alphanumerics).map { "\(name)=\($0)" }
        }.joined(separator: "&")
    }
}
