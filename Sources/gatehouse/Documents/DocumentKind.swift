import Yams

/// What a document describes.
enum DocumentKind: String, CaseIterable {
    case endpoint
    case deployment
    case tenant
    case key
    case principal
    case issuer
    case role
    case webhook

    /// Those that are written as `kind:`; Azure's own two have a `$schema`, or are known by their keys.
    static let named: [DocumentKind] = [.tenant, .key, .principal, .issuer, .role, .webhook]

    /// What Azure itself writes into an endpoint's `kind`.
    private static let azure: Set<String> = ["managed", "kubernetes"]

    /// The kind of a document; `nil` when it is none, which is noted.
    static func of(_ node: Node, file: String, log: ProblemLog) -> DocumentKind? {
        let entries = YAMLMapping.entries(node) ?? []
        if let schema = entries.first(where: { $0.name == "$schema" }) {
            return of(schema: schema.node.scalar?.string ?? "", file: file, line: schema.line, log: log)
        }
        let text = entries.first { $0.name == "kind" }?.node.scalar?.string.lowercased()
        if let text, !azure.contains(text) {
            if let kind = named.first(where: { $0.rawValue == text }) { return kind }
            let known = named.map(\.rawValue)
            let nearest = NearestName.of(text, in: known).map { "did you mean \($0)?" }
            log.note(
                DocumentProblem(
                    file: file,
                    line: entries.first { $0.name == "kind" }?.line,
                    message: "kind: \(text) is not a kind of document",
                    hint: nearest ?? "kinds are \(known.joined(separator: ", ")); endpoints and deployments need none"
                )
            )
            return nil
        }
        return entries.contains { DeploymentDocument.ownKeys.contains($0.name) } ? .deployment : .endpoint
    }

    private static func of(schema: String, file: String, line: Int, log: ProblemLog) -> DocumentKind? {
        let name = schema.lowercased()
        if name.contains("managedonlinedeployment") { return .deployment }
        if name.contains("managedonlineendpoint") { return .endpoint }
        log.note(
            DocumentProblem(
                file: file,
                line: line,
                message: "$schema: this kind of document is not read here",
                hint: "apply reads managedOnlineEndpoint and managedOnlineDeployment"
            )
        )
        return nil
    }
}
