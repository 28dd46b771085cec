import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Hummingbird

/// What `/api/v1/operations` answers: only what is about tenants that the operator may see.
struct OperationRoutes: Sendable {
    let operations: Operations
    let pulls: ModelPulls

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        let asker = try context.requireOperator()
        let resource = request.uri.queryParameters["resource"].map { String($0) }
        let seen = operations.all.filter { operation in
            asker.maySee(operation) && (resource == nil || operation.names(resource ?? ""))
        }
        return try Page(seen, request, key: \.id).answer { OperationResource($0, operations.progress(of: $0.id)) }
    }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        let found = try find(context)
        return .json(OperationResource(found, operations.progress(of: found.id)))
    }

    /// Of long changes only pulls can be ended early: all others are stored before their operation begins.
    @Sendable func cancel(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let found = try find(context)
        let asker = try context.requireOperator()
        for tenant in found.tenants { try asker.require(.deployments, in: tenant, for: "cancelling it") }
        guard found.isWork else {
            let message = """
                the change of \(found.resource) is stored and served already, and its operation only waits; change it \
                again, or remove it: only a pull of a model can be cancelled
                """
            throw APIError(.conflict, message, target: found.id)
        }
        await pulls.cancel(found.id)
        let now = operations.operation(found.id) ?? found
        guard !found.state.isOver || now.failure?.code == ModelPullProblem.Code.cancelled.rawValue else {
            throw APIError(.conflict, "it is over already: \(now.state.rawValue)", target: found.id)
        }
        return .json(OperationResource(now, operations.progress(of: now.id)), status: .accepted)
    }

    private func find(_ context: AdminRequestContext) throws -> ControlOperation {
        let id = try context.name("operation")
        guard let found = operations.operation(id), try context.requireOperator().maySee(found) else {
            throw APIError(.notFound, "there is no operation \(id)", target: id)
        }
        return found
    }
}

extension Operator {
    fileprivate func maySee(_ operation: ControlOperation) -> Bool {
        operation.tenants.isEmpty ? may(.read, in: nil) : operation.tenants.allSatisfy { may(.read, in: $0) }
    }
}

extension ControlOperation {
    fileprivate func names(_ resource: String) -> Bool {
        self.resource == resource || targets.contains { $0.deployment == resource }
    }
}

extension OperationResource {
    init(_ operation: ControlOperation, _ progress: OperationProgress? = nil) {
        self.init(
            id: operation.id,
            resource: operation.resource,
            status: operation.state.rawValue,
            startTime: WireTime.precise(milliseconds: operation.startedAt),
            endTime: operation.finishedAt.map(WireTime.precise),
            steps: operation.steps.map { Step(elapsed: Self.elapsed($0.elapsed), text: $0.text) },
            error: operation.failure.map { APIErrorBody.Problem(code: $0.code, message: $0.message) },
            progress: progress
        )
    }

    /// `0:01:59.2`.
    private static func elapsed(_ milliseconds: Int64) -> String {
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let tenths = milliseconds / 100
        let seconds = tenths / 10
        return "\(seconds / 3600):\(two(seconds / 60 % 60)):\(two(seconds % 60)).\(tenths % 10)"
    }
}

extension HTTPField.Name {
    /// Where the state of what was begun is told.
    static let operationLocation = Self("Operation-Location") ?? .location
}

extension Response {
    /// With the URL of the operation that was begun.
    func following(_ operation: ControlOperation) -> Response {
        var response = self
        response.headers[.operationLocation] = "/api/v1/operations/\(operation.id)"
        return response
    }
}
