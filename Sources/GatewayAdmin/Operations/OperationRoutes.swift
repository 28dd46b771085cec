import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Hummingbird

/// What `/api/v1/operations` answers: only what is about tenants that the operator may see.
struct OperationRoutes: Sendable {
    let operations: Operations

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        let asker = try context.requireOperator()
        let resource = request.uri.queryParameters["resource"].map { String($0) }
        let seen = operations.all.filter { operation in
            asker.maySee(operation) && (resource == nil || operation.names(resource ?? ""))
        }
        return try Page(seen, request, key: \.id).answer { OperationResource($0, operations.progress(of: $0.id)) }
    }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        let id = try context.name("operation")
        guard let found = operations.operation(id), try context.requireOperator().maySee(found) else {
            throw APIError(.notFound, "there is no operation \(id)", target: id)
        }
        return .json(OperationResource(found, operations.progress(of: id)))
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
