import ArgumentParser

/// The command `gatehouse tenants delete`.
struct TenantDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Remove a tenant with all its endpoints, keys and models."
    )

    @Argument(help: "The tenant.") var tenant: TenantName
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await admin.connect().delete(tenant.url)
        try output.show(Removal(resource: tenant.name))
    }
}
