import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Hummingbird

/// Azure's long-running operations: ours, in its words.
enum AzureOperationCalls {
    /// How long a client waits before it asks again, in milliseconds: without a word from us it waits up to 30 s.
    private static let pace = 200

    @Sendable static func get(_ call: ARMCall) async throws -> Response {
        let id = try call.name("operation")
        guard let operation = call.controlPlane.operations.operation(id),
            operation.tenants.allSatisfy({ call.asker.may(.read, in: $0) })
        else {
            throw APIError(.notFound, "there is no operation \(id)", target: id)
        }
        var response = Response.json(show(operation))
        if !operation.state.isOver { response.pace(pace) }
        return response
    }

    static func state(of resource: String, _ call: ARMCall) -> String {
        call.controlPlane.operations.provisioningState(of: resource).rawValue
    }

    private static func show(_ operation: ControlOperation) -> ARMValue {
        .members([
            "id": .string(operation.id),
            "name": .string(operation.id),
            "status": operation.state.isOver ? .string(operation.state.rawValue) : "InProgress",
            "startTime": .string(WireTime.precise(milliseconds: operation.startedAt)),
            "endTime": operation.finishedAt.map { .string(WireTime.precise(milliseconds: $0)) },
            "error": operation.failure.map {
                ["code": .string($0.code), "message": .string($0.message), "target": .string(operation.resource)]
            },
        ])
    }
}

extension Response {
    private static let pace = 200

    /// Tells Azure's clients where the operation says how it stands, and how soon to ask.
    mutating func pointTo(_ operation: ControlOperation, _ call: ARMCall) {
        guard let name = HTTPField.Name("Azure-AsyncOperation") else { return }
        let subscription = PercentEncoding.encode(call.scope.subscription)
        headers[name] =
            "\(call.baseURL)/subscriptions/\(subscription)/providers/\(ARMScope.provider)/locations/"
            + "\(AzureLocation.name)/mfeOperationsStatus/\(operation.id)"
        pace(Self.pace)
    }

    fileprivate mutating func pace(_ milliseconds: Int) {
        guard let name = HTTPField.Name("x-ms-retry-after-ms") else { return }
        headers[name] = "\(milliseconds)"
    }
}
