import GatewayAPI
import GatewayAdmin
import GatewayCore
import GatewayStore

/// Compiles documents as `apply` would, without a store: what depends on what the store holds is left to `apply`.
struct Rehearsal {
    private static let storesBusiness: Set<Problem.Code> = [
        .modelNotRegistered, .unknownDeployment, .unknownEndpoint, .unknownTenant, .unknownIssuer, .unknownSecret,
        .nameTaken, .alreadyExists,
    ]

    let configuration: Configuration

    func problems(of documents: DocumentSet) -> [DocumentProblem] {
        do {
            _ = try SnapshotCompiler(configuration).compile(try definitions(of: documents))
            return []
        } catch StoreError.invalid(let problems) {
            return problems.filter { !Self.storesBusiness.contains($0.code) }.map { place($0, in: documents) }
        } catch {
            return [DocumentProblem(file: "documents", message: "\(error)")]
        }
    }

    private func definitions(of documents: DocumentSet) throws -> Definitions {
        var definitions = Definitions(
            tenants: try documents.tenants.map { try TenantDefinition($0) },
            endpoints: try documents.endpoints.map { try EndpointDefinition($0) },
            // Of what the gateway is to choose, only the gateway knows.
            deployments: try documents.deployments.filter { $0.upstream != nil || $0.native != nil }
                .map { try DeploymentDefinition($0) }
        )
        definitions.namedKeys = try documents.keys.map { NamedKey($0, try KeyTerms($0)) }
        definitions.issuers = documents.issuers.map { TrustedIssuer($0) }
        definitions.roles = try documents.roles.map { try RoleAssignment($0) }
        definitions.webhooks = try documents.webhooks.map { try WebhookDefinition($0) }
        let known = Set(documents.tenants.map(\.name))
        let named = Set(documents.endpoints.map(\.tenant) + documents.deployments.map(\.tenant)).union(
            documents.keys.map(\.tenant) + documents.issuers.map(\.tenant) + documents.roles.map(\.tenant)
                + documents.webhooks.map(\.tenant)
        )
        definitions.tenants += named.subtracting(known).map { TenantDefinition(name: $0) }
        return definitions
    }

    private func place(_ problem: Problem, in documents: DocumentSet) -> DocumentProblem {
        let place = documents.places[problem.resource]
        let key = place?.key(of: problem.field)
        let name = key?.name ?? problem.field
        let field = name.isEmpty ? problem.resource : "\(problem.resource).\(name)"
        return DocumentProblem(
            file: place?.file ?? problem.resource,
            line: key?.line ?? place?.line,
            message: "\(field): \(problem.message)"
        )
    }
}
