import ArgumentParser
import Foundation
import GatewayAPI

/// The command `gatehouse captures list`.
struct CaptureList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show stored samples, the newest first."
    )

    @Argument(help: "The tenant.") var tenant: TenantName
    @Option(help: "Of this endpoint only.") var endpoint: String?
    @Option(help: "Of this deployment only.") var deployment: String?
    @Option(help: "Of this caller only, as receipts name it: demo/chat#primary.") var caller: String?
    @Option(help: "Of this request only: both halves of a mirrored pair.") var request: String?
    @Option(help: "With this status only: 404, 4xx or 500-599.") var status: String?
    @Option(help: "From when: 24h, 30d, 2026-11-01.") var since: PastTime?
    @Option(help: "Until when.") var until: PastTime?
    @Option(help: "That took at least so many milliseconds.") var slowerThanMs: Int?
    @Option(help: "With at least so many tokens, of both kinds.") var tokens: Int?
    @Option(help: "With this label only.") var label: String?
    @Option(help: "With these words in either body; phrases in quotes, AND, OR, NOT.") var text: String?
    @Option(help: "Older than this capture.") var after: Int64?
    @Option(help: "How many.") var limit = 50
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let page: ResourceList<CaptureSummaryResource> = try await admin.connect().get(url)
        try output.show(page.value)
    }

    func validate() throws {
        guard (1...200).contains(limit) else { throw ValidationError("--limit must be 1 to 200") }
    }

    /// The list's URL with what was asked for.
    var url: String {
        let parameters: [(String, String?)] = [
            ("limit", String(limit)), ("endpoint", endpoint), ("deployment", deployment), ("caller", caller),
            ("requestId", request), ("status", status), ("since", since?.text), ("until", until?.text),
            ("slowerThanMs", slowerThanMs.map(String.init)), ("tokens", tokens.map(String.init)), ("label", label),
            ("text", text), ("after", after.map(String.init)),
        ]
        let query = parameters.compactMap { name, value in
            value?.addingPercentEncoding(withAllowedCharacters: .alphanumerics).map { "\(name)=\($0)" }
        }
        return "\(tenant.url)/captures?" + query.joined(separator: "&")
    }
}
