import GatewayAPI
import Yams

/// Gathers documents and, once all are read, gives each its tenant and finds those that are there twice.
struct DocumentSetReader {
    /// A resource and where it was written.
    private struct Placed<Resource> {
        var resource: Resource
        let file: String
        let line: Int
    }

    let defaultTenant: String?
    let log: ProblemLog
    private var endpoints: [Placed<EndpointResource>] = []
    private var deployments: [Placed<DeploymentResource>] = []
    /// A document was refused: what others would have taken from it is not missing by their own fault.
    private var hasRefused = false

    init(defaultTenant: String?, log: ProblemLog) {
        self.defaultTenant = defaultTenant
        self.log = log
    }

    mutating func add(_ node: Node, of file: String) {
        let line = node.mark?.line ?? 1
        switch kind(of: node, file: file, line: line) {
        case .endpoint:
            guard let endpoint = EndpointDocument.read(node, file: file, log: log) else {
                hasRefused = true
                return
            }
            endpoints.append(Placed(resource: endpoint, file: file, line: line))
        case .deployment:
            guard let deployment = DeploymentDocument.read(node, file: file, log: log) else { return }
            deployments.append(Placed(resource: deployment, file: file, line: line))
        case nil: break
        }
    }

    mutating func finish() -> DocumentSet {
        nameEndpoints()
        nameDeployments()
        refuseTwins(endpoints.map { ("endpoint \($0.resource.tenant)/\($0.resource.name)", $0.file, $0.line) })
        refuseTwins(
            deployments.map {
                ("deployment \($0.resource.tenant)/\($0.resource.endpoint)/\($0.resource.name)", $0.file, $0.line)
            }
        )
        return DocumentSet(
            endpoints: endpoints.map(\.resource),
            deployments: deployments.map(\.resource),
            warnings: log.warnings,
            places: places()
        )
    }

    private func places() -> [String: String] {
        var places: [String: String] = [:]
        for placed in endpoints {
            places["\(placed.resource.tenant)/\(placed.resource.name)"] = "\(placed.file):\(placed.line)"
        }
        for placed in deployments {
            let path = "\(placed.resource.tenant)/\(placed.resource.endpoint)/\(placed.resource.name)"
            places[path] = "\(placed.file):\(placed.line)"
        }
        return places
    }

    private enum Kind {
        case endpoint
        case deployment
    }

    private func kind(of node: Node, file: String, line: Int) -> Kind? {
        let entries = YAMLMapping.entries(node) ?? []
        if let schema = entries.first(where: { $0.name == "$schema" }) {
            let name = (schema.node.scalar?.string ?? "").lowercased()
            if name.contains("managedonlinedeployment") { return .deployment }
            if name.contains("managedonlineendpoint") { return .endpoint }
            log.note(
                DocumentProblem(
                    file: file,
                    line: schema.line,
                    message: "$schema: this kind of document is not read here",
                    hint: "apply reads managedOnlineEndpoint and managedOnlineDeployment"
                )
            )
            return nil
        }
        return entries.contains { DeploymentDocument.ownKeys.contains($0.name) } ? .deployment : .endpoint
    }

    private mutating func nameEndpoints() {
        for index in endpoints.indices where endpoints[index].resource.tenant.isEmpty {
            endpoints[index].resource.tenant = tenant(nil, endpoints[index].file, endpoints[index].line)
        }
    }

    private mutating func nameDeployments() {
        for index in deployments.indices where deployments[index].resource.tenant.isEmpty {
            let placed = deployments[index]
            let owners = Set(endpoints.filter { $0.resource.name == placed.resource.endpoint }.map(\.resource.tenant))
            deployments[index].resource.tenant = tenant(
                owners.count == 1 ? owners.first : nil,
                placed.file,
                placed.line
            )
        }
    }

    private func tenant(_ known: String?, _ file: String, _ line: Int) -> String {
        if let tenant = known ?? defaultTenant { return tenant }
        guard !hasRefused else { return "" }
        log.note(
            DocumentProblem(
                file: file,
                line: line,
                message: "the document names no tenant",
                hint: "add gatehouse.tenant or give --tenant"
            )
        )
        return ""
    }

    private func refuseTwins(_ places: [(name: String, file: String, line: Int)]) {
        var seen: [String: (file: String, line: Int)] = [:]
        for place in places {
            if let first = seen[place.name] {
                let message = "\(place.name) is already in \(first.file):\(first.line)"
                log.note(DocumentProblem(file: place.file, line: place.line, message: message, hint: "keep one"))
            } else {
                seen[place.name] = (place.file, place.line)
            }
        }
    }
}
