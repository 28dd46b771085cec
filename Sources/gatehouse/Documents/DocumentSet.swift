import Foundation
import GatewayAPI
import Yams

/// Every resource of a set of files, each with its tenant.
struct DocumentSet: Equatable {
    var endpoints: [EndpointResource]
    var deployments: [DeploymentResource]
    var tenants: [TenantResource] = []
    var keys: [NamedKeyResource] = []
    var principals: [PrincipalResource] = []
    var issuers: [IssuerResource] = []
    var roles: [RoleResource] = []
    var webhooks: [WebhookResource] = []
    var warnings: [DocumentProblem]
    /// Where each document is, by its resource's path.
    var places: [String: DocumentPlace] = [:]

    /// Reads files and folders of `.yaml` and `.yml` files.
    ///
    /// - Parameter tenant: where a document names none and no endpoint of the same files does.
    static func read(paths: [String], tenant: String?) throws(DocumentProblems) -> DocumentSet {
        let log = ProblemLog()
        var files: [YAMLFile] = []
        for path in paths {
            do throws(DocumentProblem) {
                for file in try Self.files(at: path) { files.append(try YAMLFile(path: file)) }
            } catch {
                log.note(error)
            }
        }
        return try read(files, tenant: tenant, log: log)
    }

    static func read(_ files: [YAMLFile], tenant: String?, log: ProblemLog = ProblemLog()) throws(DocumentProblems)
        -> DocumentSet
    {
        var reader = DocumentSetReader(defaultTenant: tenant, log: log)
        for file in files {
            for node in file.documents where !node.saysNothing { reader.add(node, of: file.name) }
        }
        let set = reader.finish()
        try log.check()
        return set
    }

    /// What the server is asked to make of them.
    func request(prune: Bool, dryRun: Bool) -> ApplyRequest {
        var request = ApplyRequest(endpoints: endpoints, deployments: deployments, prune: prune, dryRun: dryRun)
        request.tenants = tenants
        request.keys = keys
        request.principals = principals
        request.issuers = issuers
        request.roles = roles
        request.webhooks = webhooks
        return request
    }

    /// A folder's documents in the order of their names; a file is itself.
    private static func files(at path: String) throws(DocumentProblem) -> [String] {
        guard FileManager.default.fileExists(atPath: path) else {
            throw DocumentProblem(file: path, message: "does not exist")
        }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return [path] }
        let files = names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.sorted()
        guard !files.isEmpty else { throw DocumentProblem(file: path, message: "has no .yaml files") }
        return files.map { "\(path)/\($0)" }
    }
}
