import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Hummingbird

/// What `/api/v1/tenants/{tenant}/comparisons` and `…/replays` answer, to reviewers alone: reports show what was answered.
struct ComparisonRoutes: Sendable {
    let controlPlane: ControlPlane

    private var comparisons: Comparisons { controlPlane.comparisons }

    /// Sends captured requests again: for those only who may decide what a deployment is sent besides.
    @Sendable func replay(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let (order, deployment) = try await order(request, context, isReplay: true)
        // Replayed requests wait in no queue, by which the pool would see that a worker is wanted.
        if case .native = deployment.serving { try await controlPlane.collaborators.warm(deployment.path) }
        var asked = order.request
        // Words of what was captured, which the log's readers may not see.
        asked.text = nil
        try await controlPlane.store.noteReplay(to: deployment.path, asked)
        return try begin(order, context)
    }

    @Sendable func compare(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        try begin(try await order(request, context, isReplay: false).order, context)
    }

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        let tenant = try controlPlane.store.tenant(context.name("tenant")).name
        return try Page(comparisons.all(of: tenant), request) { "\($0.id)" }
            .answer { ComparisonResource($0, isWhole: false) }
    }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        .json(ComparisonResource(try find(context), isWhole: true))
    }

    /// Returns before it has stopped.
    @Sendable func cancel(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        let found = try find(context)
        guard found.state == .running else {
            throw APIError(.conflict, "it is over already: \(found.state.rawValue)", target: "\(found.id)")
        }
        comparisons.cancel(found.id)
        return .json(ComparisonResource(found, isWhole: false), status: .accepted)
    }

    @Sendable func delete(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        comparisons.remove(try find(context).id)
        return Response(status: .noContent)
    }

    private func order(_ request: Request, _ context: AdminRequestContext, isReplay: Bool) async throws -> (
        order: ComparisonOrder, deployment: DeploymentDefinition
    ) {
        let tenant = try controlPlane.store.tenant(context.name("tenant")).name
        let asked = try await JSONBody.decode(ComparisonRequest.self, from: request)
        let order = try ComparisonOrder(asked, tenant: tenant, isReplay: isReplay)
        let deployment = try controlPlane.store.deployment(tenant, asked.endpoint, asked.to)
        // A query that the store refuses is refused at once.
        _ = try await controlPlane.captures.list(order.query)
        return (order, deployment)
    }

    private func begin(_ order: ComparisonOrder, _ context: AdminRequestContext) throws -> Response {
        let entry = try comparisons.begin(order, by: context.requireOperator().label)
        var response = Response.json(ComparisonResource(entry, isWhole: false), status: .created)
        response.headers[.location] = "/api/v1/tenants/\(order.tenant)/comparisons/\(entry.id)"
        return response
    }

    private func find(_ context: AdminRequestContext) throws -> ComparisonBook.Entry {
        let tenant = try controlPlane.store.tenant(context.name("tenant")).name
        let text = try context.name("comparison")
        guard let id = Int(text), let found = comparisons.find(id, of: tenant) else {
            throw APIError(.notFound, "there is no comparison \(text); they are gone when the gateway starts anew")
        }
        return found
    }
}
