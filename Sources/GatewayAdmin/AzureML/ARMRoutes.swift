import GatewayAPI
import GatewayStore
import HTTPTypes
import Hummingbird

/// The paths of Azure Resource Manager that are answered: what is not in the table does not exist.
struct ARMRoutes: Sendable {
    /// One kind of request.
    struct Route: Sendable {
        let method: HTTPRequest.Method
        let path: ARMTemplate
        /// What it needs in the workspace of the URL, or anywhere where the URL has none.
        let permission: Permission
        let answer: @Sendable (ARMCall) async throws -> Response
    }

    private static let longestHost = 255

    let controlPlane: ControlPlane

    /// Everything below `/subscriptions`, whatever `api-version` it names.
    @Sendable func answer(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        var isKnownPath = false
        for route in Self.table {
            guard let names = route.path.match(request.uri.path) else { continue }
            isKnownPath = true
            guard route.method == request.method else { continue }
            return try await perform(route, ARMCall(self, request, names, try context.requireOperator()), context)
        }
        guard isKnownPath else {
            throw APIError(
                .notFound,
                "there is nothing at this URL; Gatehouse has online endpoints, models and their like"
            )
        }
        throw APIError(.methodNotAllowed, "\(request.method.rawValue) is not a method of this URL")
    }

    /// With whom the audit log is to name.
    private func perform(
        _ route: Route,
        _ call: ARMCall,
        _ context: AdminRequestContext
    ) async throws -> Response {
        if call.names["workspace"] != nil {
            try call.require(route.permission)
        } else if !call.asker.may(route.permission) {
            try call.asker.require(route.permission, in: nil)
        }
        let origin = ChangeOrigin(call.asker, call.request, address: context.address)
        do {
            return try await ChangeOrigin.$current.withValue(origin) { try await route.answer(call) }
        } catch {
            throw call.asker.mayLearn(error, of: call.store)
        }
    }

    /// From the header `Host`, when it looks like one.
    static func baseURL(of request: Request) -> String? {
        guard let host = request.head.authority, !host.isEmpty, host.utf8.count <= longestHost,
            host.utf8.allSatisfy({ byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || ".-:[]".utf8.contains(byte)
            })
        else { return nil }
        return "https://\(host)"
    }
}

/// The table.
extension ARMRoutes {
    private static let subscription = "/subscriptions/{subscription}"
    private static let workspaces =
        "\(subscription)/resourceGroups/{group}/providers/\(ARMScope.provider)/workspaces"
    private static let workspace = "\(workspaces)/{workspace}"
    private static let endpoint = "\(workspace)/onlineEndpoints/{endpoint}"
    private static let deployment = "\(endpoint)/deployments/{deployment}"

    static let table: [Route] =
        workspaceRoutes + endpointRoutes + deploymentRoutes + AzureAssetCalls.kinds.flatMap(assetRoutes)

    private static func route(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ permission: Permission,
        _ answer: @escaping @Sendable (ARMCall) async throws -> Response
    ) -> Route {
        Route(method: method, path: ARMTemplate(path), permission: permission, answer: answer)
    }

    private static let workspaceRoutes = [
        route(.get, workspaces, .read, AzureWorkspaceCalls.list),
        route(.get, "\(subscription)/providers/\(ARMScope.provider)/workspaces", .read, AzureWorkspaceCalls.list),
        route(.get, workspace, .read, AzureWorkspaceCalls.get),
        route(.get, "\(workspace)/datastores", .read, AzureDatastoreCalls.list),
        route(.get, "\(workspace)/datastores/{datastore}", .read, AzureDatastoreCalls.get),
        route(
            .get,
            "\(subscription)/providers/\(ARMScope.provider)/locations/{location}/mfeOperationsStatus/{operation}",
            .read,
            AzureOperationCalls.get
        ),
    ]

    private static let endpointRoutes = [
        route(.get, "\(workspace)/onlineEndpoints", .read, AzureEndpointCalls.list),
        route(.get, endpoint, .read, AzureEndpointCalls.get),
        route(.put, endpoint, .deployments, AzureEndpointCalls.put),
        route(.delete, endpoint, .endpoints, AzureEndpointCalls.delete),
        route(.get, "\(endpoint)/openapi", .read, AzureEndpointCalls.openAPI),
        route(.post, "\(endpoint)/listKeys", .keys, AzureKeyCalls.list),
        route(.post, "\(endpoint)/regenerateKeys", .keys, AzureKeyCalls.regenerate),
        route(.post, "\(endpoint)/token", .keys, AzureKeyCalls.token),
    ]

    private static let deploymentRoutes = [
        route(.get, "\(endpoint)/deployments", .read, AzureDeploymentCalls.list),
        route(.get, deployment, .read, AzureDeploymentCalls.get),
        route(.put, deployment, .deployments, AzureDeploymentCalls.put),
        route(.delete, deployment, .deployments, AzureDeploymentCalls.delete),
        route(.post, "\(deployment)/getLogs", .read, AzureDeploymentCalls.logs),
    ]

    private static func assetRoutes(_ calls: AzureAssetCalls) -> [Route] {
        let container = "\(workspace)/\(calls.kind.rawValue)"
        let version = "\(container)/{name}/versions/{version}"
        return [
            route(.get, container, .read, calls.listContainers),
            route(.get, "\(container)/{name}", .read, calls.getContainer),
            route(.put, "\(container)/{name}", .deployments, calls.putContainer),
            route(.get, "\(container)/{name}/versions", .read, calls.list),
            route(.get, version, .read, calls.get),
            route(.put, version, .deployments, calls.put),
            route(.delete, version, .deployments, calls.delete),
            route(.post, "\(version)/startPendingUpload", .deployments, calls.startUpload),
        ]
    }
}
