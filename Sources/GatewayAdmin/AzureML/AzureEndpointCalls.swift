import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Hummingbird

/// Azure's `onlineEndpoints`.
enum AzureEndpointCalls {
    @Sendable static func list(_ call: ARMCall) async throws -> Response {
        let endpoints = try call.store.endpoints(of: try call.workspace().name)
        return try await call.page(of: endpoints) { endpoint in
            show(endpoint, try await call.store.azureEndpoint(call.tenant, endpoint.name), call)
        }
    }

    @Sendable static func get(_ call: ARMCall) async throws -> Response {
        let endpoint = try call.endpoint()
        return .json(show(endpoint, try await call.store.azureEndpoint(call.tenant, endpoint.name), call))
    }

    /// Stored and served when this answers; whoever waits for its deployments is told where to ask.
    @Sendable static func put(_ call: ARMCall) async throws -> Response {
        let body = try await call.body()
        let asked = try AzureEndpoint(body)
        let before = try call.knownEndpoint()
        let name = try before?.name ?? call.name("endpoint")
        guard before != nil || asked.mode != .none else {
            throw APIError(.invalid, "authMode must be Key, AMLToken or AADToken", target: "properties.authMode")
        }
        let deployments = before == nil ? [] : try call.store.deployments(of: call.tenant, name)
        let wanted = asked.applied(
            to: before ?? EndpointDefinition(tenant: call.tenant, name: name),
            deployments: deployments.map(\.name)
        )
        let kept = try AzureBody.text(asked.kept)
        let definitions = call.store.definitions
        let plan = OperationPlan(
            putting: wanted,
            leadingTo: wanted.deploymentsLedTo(over: before, in: definitions),
            isNew: before == nil,
            in: definitions
        )
        let (outcome, operation) = try await call.controlPlane.operations.perform(plan) {
            try await call.store.putEndpoint(wanted, over: before, azure: kept, by: call.author)
        }
        let record = try await call.store.azureEndpoint(call.tenant, name)
        var response = Response.json(
            show(try call.store.endpoint(call.tenant, name), record, call),
            status: outcome == .created ? .created : .ok
        )
        response.warn(asked.warnings)
        if !operation.state.isOver { response.pointTo(operation, call) }
        return response
    }

    /// With its deployments.
    @Sendable static func delete(_ call: ARMCall) async throws -> Response {
        guard let endpoint = try call.knownEndpoint() else { return .noContent }
        let plan = OperationPlan(deleting: endpoint.path, of: call.tenant)
        _ = try await call.controlPlane.operations.perform(plan) {
            try await call.store.deleteEndpoint(call.tenant, endpoint.name)
        }
        return Response(status: .ok)
    }

    @Sendable static func openAPI(_ call: ARMCall) async throws -> Response {
        .json(ScoringDocument.json(of: try call.endpoint(), publicURL: call.controlPlane.publicURL))
    }

    private static func show(_ endpoint: EndpointDefinition, _ record: AzureRecord?, _ call: ARMCall) -> ARMValue {
        let state = AzureOperationCalls.state(of: endpoint.path, call)
        return AzureEndpointView(call: call, endpoint: endpoint, record: record, state: state).json
    }
}

extension Response {
    private static let longestWarning = 2000

    /// Says what was kept and has no meaning here.
    mutating func warn(_ warnings: [String]) {
        guard !warnings.isEmpty, let name = HTTPField.Name("x-gatehouse-warning") else { return }
        headers[name] = String(warnings.joined(separator: "; ").prefix(Self.longestWarning))
    }
}
