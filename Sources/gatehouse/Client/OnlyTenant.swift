import ArgumentParser
import GatewayAPI

/// The tenant of a command that need not name it.
enum OnlyTenant {
    static let help: ArgumentHelp = "The tenant; may be left out where there is one."

    /// - Returns: the one that is named, else the only one that the operator can see.
    static func name(_ named: TenantName?, _ client: AdminClient) async throws -> TenantName {
        if let named { return named }
        let tenants: ResourceList<TenantResource> = try await client.list("/api/v1/tenants")
        if tenants.value.count == 1, let only = TenantName(argument: tenants.value[0].name) { return only }
        guard !tenants.value.isEmpty else {
            throw ClientError("there is no tenant; create one with gatehouse tenants create")
        }
        let names = tenants.value.map(\.name).joined(separator: ", ")
        throw ClientError("say which tenant", details: ["name one of: \(names)"])
    }
}
