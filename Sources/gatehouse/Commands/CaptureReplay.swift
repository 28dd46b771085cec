import ArgumentParser
import GatewayAPI

/// The command `gatehouse captures replay`.
struct CaptureReplay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Send stored requests to a deployment once more, and compare its answers with those of then.",
        discussion: """
            The gateway sends them, in no caller's name: they count in no limit, quota or report. It needs the role reviewer and \
            one that may change deployments, both in the tenant. Requests that were cut or redacted cannot be sent as they \
            were; they are left out and counted. Ctrl-C ends the replay, and shows what it has come to. The command ends with \
            2 where the answers differ, and with 3 where nothing was compared.
            """
    )

    @OptionGroup var filter: ComparisonFilter
    @Option(help: "The deployment that the stored answer is from; left out, any.") var deployment: String?
    @Option(help: "1x, as the requests came, or max, as fast as they are answered.") var speed = "max"
    @Option(help: "How many run at once, 1 to 64; by default 8, at 1x 64.") var concurrency: Int?
    @OptionGroup var report: ReportOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        try ComparisonFilter.check(concurrency ?? 1, in: 1...64, "--concurrency")
    }

    func run() async throws {
        try report.check()
        var request = filter.asked
        request.deployment = deployment
        request.speed = speed
        request.concurrency = concurrency
        let client = try admin.connect()
        let tenant = try await OnlyTenant.name(filter.tenant, client)
        let begun: ComparisonResource = try await client.post("\(tenant.url)/replays", request)
        try report.show(try await ComparisonWatch(client: client, tenant: tenant).follow(begun), output)
    }
}
