import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// Azure's workspaces: the tenants.
enum AzureWorkspaceCalls {
    @Sendable static func list(_ call: ARMCall) async throws -> Response {
        try await call.page(of: call.store.tenants().filter { call.asker.may(.read, in: $0.name) }) { show($0, call) }
    }

    @Sendable static func get(_ call: ARMCall) async throws -> Response {
        .json(show(try call.workspace(), call))
    }

    /// Under the subscription and the group that the client works in; a list of a whole subscription has the labels.
    private static func show(_ tenant: TenantDefinition, _ call: ARMCall) -> ARMValue {
        let group = call.names["group"] ?? tenant.resourceGroup ?? "gatehouse"
        // The client's own spelling of the workspace, where it named one.
        let name = call.names["workspace"] ?? tenant.name
        let scope = ARMScope(subscription: call.scope.subscription, resourceGroup: group, workspace: name)
        return [
            "id": .string(scope.id),
            "name": .string(name),
            "type": .string("\(ARMScope.provider)/workspaces"),
            "location": .string(AzureLocation.name),
            "tags": [:],
            "properties": ["friendlyName": .string(tenant.name), "provisioningState": "Succeeded"],
        ]
    }
}

/// Where everything is: Azure's clients want a region, and there is one.
enum AzureLocation {
    static let name = "local"
}
