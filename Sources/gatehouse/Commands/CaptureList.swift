import ArgumentParser
import GatewayAPI

/// The command `gatehouse captures list`.
struct CaptureList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show stored samples, the newest first."
    )

    @Argument(help: OnlyTenant.help) var tenant: TenantName?
    @OptionGroup var filters: CaptureFilters
    @Option(help: "Older than this capture.") var after: Int64?
    @Option(help: "How many.") var limit = 50
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try admin.connect()
        let tenant = try await OnlyTenant.name(tenant, client)
        let page: ResourceList<CaptureSummaryResource> = try await client.get("\(tenant.url)/captures?\(query)")
        try output.show(page.value)
    }

    func validate() throws {
        guard (1...200).contains(limit) else { throw ValidationError("--limit must be 1 to 200") }
    }

    private var query: String {
        filters.query(beside: [("limit", String(limit)), ("after", after.map(String.init))])
    }
}
