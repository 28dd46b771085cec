import ArgumentParser
import GatewayAPI

/// The command `gatehouse audit list`.
struct AuditList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show changes, the newest first; json and yaml have what was before and after."
    )

    @Option(help: "Of this tenant only.") var tenant: TenantName?
    @Option(help: "How many.") var limit = 50
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let of = tenant.map { "&tenant=\($0.name)" } ?? ""
        let page: ResourceList<AuditEntryResource> = try await admin.connect().get("/api/v1/audit?limit=\(limit)\(of)")
        try output.show(page.value)
    }

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit must be 1 to 1000") }
    }
}
