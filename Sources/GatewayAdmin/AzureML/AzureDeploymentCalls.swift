import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Hummingbird

/// Azure's `deployments` of an online endpoint.
enum AzureDeploymentCalls {
    private static let mostLogLines = 10_000

    @Sendable static func list(_ call: ARMCall) async throws -> Response {
        let endpoint = try call.endpoint().name
        let served = try call.store.deployments(of: call.tenant, endpoint).map(\.name)
        let kept = try await call.store.azureDeploymentNames(of: call.tenant, endpoint)
        return try await call.page(of: Set(served + kept).sorted()) { try await shown($0, endpoint, call) }
    }

    @Sendable static func get(_ call: ARMCall) async throws -> Response {
        let (endpoint, name) = (try call.endpoint().name, try await deploymentName(call))
        return .json(try await shown(name, endpoint, call))
    }

    /// Answers when the change is stored and served, or cannot be; whether it is ready is the operation's to say.
    @Sendable static func put(_ call: ARMCall) async throws -> Response {
        let asked = try AzureDeployment(try await call.body())
        let endpoint = try call.endpoint()
        let name = try await deploymentName(call, orNew: true)
        let provisioning = AzureProvisioning(call: call, endpoint: endpoint, name: name, asked: asked)
        let begun = try await provisioning.begin()
        var response = Response.json(
            try await shown(name, endpoint.name, call, state: begun.isNew ? "Creating" : "Updating"),
            status: begun.isNew ? .created : .ok
        )
        response.warn(asked.warnings + begun.warnings)
        response.pointTo(begun.operation, call)
        return response
    }

    @Sendable static func delete(_ call: ARMCall) async throws -> Response {
        guard let endpoint = try call.knownEndpoint()?.name else { return .noContent }
        let name = try await deploymentName(call, orNew: true)
        let isServed = try call.store.deployments(of: call.tenant, endpoint).contains { $0.name == name }
        guard isServed else {
            let names = try await call.store.azureDeploymentNames(of: call.tenant, endpoint)
            guard names.contains(name) else { return .noContent }
            try await call.store.forgetAzureDeployment(call.tenant, endpoint, name)
            return Response(status: .ok)
        }
        do {
            let plan = OperationPlan(deleting: "\(call.tenant)/\(endpoint)/\(name)", of: call.tenant)
            _ = try await call.controlPlane.operations.perform(plan) {
                try await call.store.deleteDeployment(call.tenant, endpoint, name)
            }
        } catch let error as StoreError {
            guard case .conflict(let problem) = error else { throw error }
            // The SDK takes 409 for a resource that exists already.
            throw APIError(.invalid, problem.message, target: problem.resource)
        }
        return Response(status: .ok)
    }

    /// `{"content": …}`: lines of the deployment, however the client calls the container.
    @Sendable static func logs(_ call: ARMCall) async throws -> Response {
        let body = try await call.optionalBody()
        let (endpoint, name) = (try call.endpoint().name, try await deploymentName(call))
        let count = min(max(1, body["tail"]?.whole ?? 50), mostLogLines)
        // There is no container that fetches models.
        guard body["containerType"]?.text?.lowercased() != "storageinitializer" else {
            return .json(["content": ""] as ARMValue)
        }
        let path = "\(call.tenant)/\(endpoint)/\(name)"
        let lines = await call.controlPlane.collaborators.deploymentLogs(path, nil, count)
        return .json(["content": .string(lines.map { "\($0.text)\n" }.joined())] as ARMValue)
    }

    /// As it is spelled in the store.
    private static func deploymentName(_ call: ARMCall, orNew: Bool = false) async throws -> String {
        let wanted = try call.name("deployment")
        let endpoint = try call.endpoint().name
        let served = try call.store.deployments(of: call.tenant, endpoint).map(\.name)
        let names = served + (try await call.store.azureDeploymentNames(of: call.tenant, endpoint))
        if names.contains(wanted) { return wanted }
        if let found = names.first(where: { $0.lowercased() == wanted.lowercased() }) { return found }
        guard orNew else { throw StoreError.notFound(resource: "\(call.tenant)/\(endpoint)/\(wanted)") }
        return wanted
    }

    private static func shown(
        _ name: String,
        _ endpoint: String,
        _ call: ARMCall,
        state: String? = nil
    ) async throws -> ARMValue {
        let served = try call.store.deployments(of: call.tenant, endpoint).first { $0.name == name }
        let record = try await call.store.azureDeployment(call.tenant, endpoint, name)
        let current = served.map { AzureOperationCalls.state(of: $0.path, call) }
        return AzureDeploymentView(
            call: call,
            endpoint: endpoint,
            name: name,
            definition: served,
            record: record,
            state: state ?? current ?? "Failed"
        ).json
    }
}
