import ArgumentParser
import GatewayAPI

/// The command `gatehouse captures report`.
struct CaptureReport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Show the replays and comparisons since the gateway's start, or the report of one.",
        discussion: "The newest twenty of a tenant are kept, until the gateway starts anew."
    )

    @Argument(help: "The tenant.") var tenant: TenantName
    @Argument(help: "The comparison's number; left out, all are listed.") var number: Int?
    @OptionGroup var report: ReportOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard number == nil, report.page != nil || report.json != nil else { return }
        throw ValidationError("--report and --json write the report of one comparison: name its number")
    }

    func run() async throws {
        try report.check()
        let (client, url) = (try admin.connect(), "\(tenant.url)/comparisons")
        guard let number else {
            let all: ResourceList<ComparisonResource> = try await client.list(url)
            return try output.show(all.value)
        }
        try report.show(try await client.get("\(url)/\(number)"), output)
    }
}
