import GatewayAPI
import GatewayAdmin
import GatewayCore
import GatewayStore

/// Compiles documents as `apply` would, without a store: what depends on what the store holds is left to `apply`.
struct Rehearsal {
    private static let storesBusiness: Set<Problem.Code> = [
        .modelNotRegistered, .unknownDeployment, .unknownEndpoint, .unknownTenant, .nameTaken, .alreadyExists,
    ]

    let configuration: Configuration

    func problems(of documents: DocumentSet) -> [DocumentProblem] {
        do {
            let networks = try NetworkList(configuration.allowedNetworks)
            let compiler = SnapshotCompiler(configuration, networks, InstanceRegistry())
            let tenants = Set(documents.endpoints.map(\.tenant) + documents.deployments.map(\.tenant))
            let definitions = Definitions(
                tenants: tenants.map { TenantDefinition(name: $0) },
                endpoints: try documents.endpoints.map { try EndpointDefinition($0) },
                deployments: try documents.deployments.map { try DeploymentDefinition($0) }
            )
            _ = try compiler.compile(definitions)
            return []
        } catch StoreError.invalid(let problems) {
            return problems.filter { !Self.storesBusiness.contains($0.code) }.map { place($0, in: documents) }
        } catch {
            return [DocumentProblem(file: "documents", message: "\(error)")]
        }
    }

    private func place(_ problem: Problem, in documents: DocumentSet) -> DocumentProblem {
        let field = problem.field.isEmpty ? problem.resource : "\(problem.resource).\(problem.field)"
        return DocumentProblem(
            file: documents.places[problem.resource] ?? problem.resource,
            message: "\(field): \(problem.message)"
        )
    }
}
