import ArgumentParser
import GatewayAPI

/// The command `gatehouse endpoints list`.
struct EndpointList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show a tenant's endpoints.")

    @Argument(help: "The tenant; without it, all tenants' endpoints.") var tenant: TenantName?
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try admin.connect()
        var tenants = [tenant?.name].compactMap(\.self)
        if tenants.isEmpty {
            tenants = try await client.get("/api/v1/tenants", as: ResourceList<TenantResource>.self).value.map(\.name)
        }
        var endpoints: [EndpointResource] = []
        for tenant in tenants {
            endpoints += try await client.get(
                "/api/v1/tenants/\(tenant)/endpoints",
                as: ResourceList<EndpointResource>.self
            ).value
        }
        try output.show(endpoints)
    }
}
