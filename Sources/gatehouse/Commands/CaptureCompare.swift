import ArgumentParser
import GatewayAPI

/// The command `gatehouse captures compare`.
struct CaptureCompare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare a mirror's stored answers with those that callers had to the same requests.",
        discussion: """
            Nothing is sent: both halves of every mirrored pair are stored where an endpoint has captures. Ctrl-C ends the \
            comparison, and shows what it has come to. The command ends with 2 where the answers differ, and with 3 \
            where nothing was compared.
            """
    )

    @OptionGroup var filter: ComparisonFilter
    @OptionGroup var report: ReportOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try report.check()
        let client = try admin.connect()
        let tenant = try await OnlyTenant.name(filter.tenant, client)
        let begun: ComparisonResource = try await client.post("\(tenant.url)/comparisons", filter.asked)
        try report.show(try await ComparisonWatch(client: client, tenant: tenant).follow(begun), output)
    }
}
