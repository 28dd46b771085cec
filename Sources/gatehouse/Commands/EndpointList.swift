import ArgumentParser
import GatewayAPI

/// The command `gatehouse endpoints list`.
struct EndpointList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show a tenant's endpoints.")

    @Argument(help: "The tenant; without it, all tenants that you may see.") var tenant: TenantName?
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try admin.connect()
        var tenants = [tenant?.name].compactMap(\.self)
        if tenants.isEmpty {
            let all: ResourceList<TenantResource> = try await client.list("/api/v1/tenants")
            tenants = all.value.map(\.name)
        }
        var endpoints: [EndpointResource] = []
        for tenant in tenants {
            let list: ResourceList<EndpointResource> = try await client.list("/api/v1/tenants/\(tenant)/endpoints")
            endpoints += list.value
        }
        try output.show(endpoints)
    }
}
