import ArgumentParser
import Foundation
import GatewayAPI

/// The command `gatehouse usage show`.
struct UsageShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what a tenant used; by default in the last 30 days, in one sum."
    )

    @Argument(help: "The tenant.") var tenant: TenantName
    @Option(help: "endpoint, deployment, key or day; may be given several times, or with commas.") var by: [String] = []
    @Option(help: "From when: 24h, 30d, 2026-11-01.", transform: PastTime.init) var since: PastTime?
    @Option(help: "Until when; left out, now.", transform: PastTime.init) var until: PastTime?
    @Option(help: "Only this endpoint.") var endpoint: String?
    @Option(help: "Only this deployment.") var deployment: String?
    @Option(help: "Only this key, as receipts name it: demo/chat#primary or demo#NAME.") var key: String?
    @Option(help: "In which time zone a day begins, e.g. Europe/Berlin.") var timeZone: String?
    @Flag(help: "Print CSV instead.") var csv = false
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try admin.connect()
        if csv { return print(try await client.text(url, accept: "text/csv"), terminator: "") }
        let report: UsageReportResource = try await client.get(url)
        switch output.output {
        case .table: try output.show(report.rows)
        case .json, .yaml: try output.write(report)
        }
    }

    /// The report's URL with what was asked for.
    var url: String {
        let parameters: [(String, String?)] = [
            ("by", by.isEmpty ? nil : by.joined(separator: ",")), ("since", since?.text), ("until", until?.text),
            ("endpoint", endpoint), ("deployment", deployment), ("key", key), ("timeZone", timeZone),
        ]
        let query = parameters.compactMap { name, value in
            value?.addingPercentEncoding(withAllowedCharacters: .alphanumerics).map { "\(name)=\($0)" }
        }
        return "\(tenant.url)/usage" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    }
}
