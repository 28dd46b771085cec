import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Hummingbird
import NIOCore

/// One request of Azure's dialect: what its URL names, and what its answer is made from.
struct ARMCall: Sendable {
    /// What a page holds unless its client says otherwise, and at most.
    private static let standardPage = 100
    private static let largestPage = 1000

    let controlPlane: ControlPlane
    let request: Request
    /// What stands in the places of the URL, percent-decoded.
    let names: [String: String]
    /// How the client reaches this listener: `https://host:port`.
    let baseURL: String
    let asker: Operator

    /// Who calls, for records.
    var author: String { asker.label }

    var store: Store { controlPlane.store }
    var azure: AzureDialect { controlPlane.azure }

    var scope: ARMScope {
        ARMScope(
            subscription: names["subscription"] ?? "",
            resourceGroup: names["group"] ?? "",
            workspace: names["workspace"] ?? ""
        )
    }

    /// The workspace's tenant: Azure's names have no letter case.
    var tenant: String { scope.workspace.lowercased() }

    /// - Throws: forbidden, unless the operator may do this in the workspace.
    func require(_ permission: Permission) throws(APIError) { try asker.require(permission, in: tenant) }

    func name(_ place: String) throws(APIError) -> String {
        guard let name = names[place] else { throw APIError(.notFound, "there is nothing at this URL") }
        return name
    }

    func query(_ name: String) -> String? {
        request.uri.queryParameters.first { $0.key.lowercased() == name.lowercased() }.map { String($0.value) }
    }

    /// The JSON object of the body.
    func body() async throws -> ARMValue {
        let value = try await JSONBody.decode(ARMValue.self, from: request)
        guard value.members != nil else { throw APIError(.invalid, "the body must be a JSON object") }
        return value
    }

    /// The same; an empty one where there is no body.
    func optionalBody() async throws -> ARMValue {
        let body = try await request.body.collect(upTo: JSONBody.limit)
        guard body.readableBytes > 0 else { return [:] }
        return try JSONDecoder().decode(ARMValue.self, from: Data(body.readableBytesView))
    }

    /// A part of a list in Azure's envelope, with the URL of the next part.
    ///
    /// - Parameter show: asked of what is in this part only.
    func page<Element>(of all: [Element], _ show: (Element) async throws -> ARMValue?) async throws -> Response {
        let skipped = max(0, query("$skip").flatMap { Int($0) } ?? 0)
        let wanted = query("$top").flatMap { Int($0) }
        let size = min(max(1, wanted ?? Self.standardPage), Self.largestPage)
        let shown = all.dropFirst(skipped).prefix(size)
        var values: [ARMValue] = []
        for element in shown {
            // One that is gone meanwhile is left out.
            if let value = try await show(element) { values.append(value) }
        }
        let hasMore = wanted == nil && all.count > skipped + shown.count
        return .json(
            ARMValue.members([
                "value": .array(values),
                "nextLink": hasMore ? .string(nextLink(skipping: skipped + shown.count)) : nil,
            ])
        )
    }

    private func nextLink(skipping count: Int) -> String {
        let kept = (request.uri.query ?? "").split(separator: "&").filter {
            !$0.lowercased().hasPrefix("$skip=") && !$0.lowercased().hasPrefix("%24skip=")
        }
        return baseURL + request.uri.path + "?" + (kept + ["$skip=\(count)"]).joined(separator: "&")
    }
}

extension ARMCall {
    init(_ routes: ARMRoutes, _ request: Request, _ names: [String: String], _ asker: Operator) {
        self.init(
            controlPlane: routes.controlPlane,
            request: request,
            names: names,
            baseURL: ARMRoutes.baseURL(of: request) ?? routes.controlPlane.azure.adminURL,
            asker: asker
        )
    }
}

/// What the URL names, in the store.
extension ARMCall {
    /// The endpoint as it is spelled in the store.
    func endpoint() throws -> EndpointDefinition {
        guard let found = try knownEndpoint() else {
            throw StoreError.notFound(resource: "\(tenant)/\(try name("endpoint"))")
        }
        return found
    }

    /// - Throws: not found when there is no such workspace.
    func knownEndpoint() throws -> EndpointDefinition? {
        let wanted = try name("endpoint")
        let all = try store.endpoints(of: try workspace().name)
        return all.first { $0.name == wanted } ?? all.first { $0.name.lowercased() == wanted.lowercased() }
    }

    func workspace() throws -> TenantDefinition {
        do {
            return try store.tenant(tenant)
        } catch StoreError.notFound {
            throw APIError(
                .notFound,
                "there is no workspace \(scope.workspace.debugDescription); make it with: gatehouse tenants create NAME",
                target: scope.workspace
            )
        }
    }
}
