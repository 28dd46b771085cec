/// The documents of one kind, each with its place.
struct DocumentShelf<Resource: DocumentResource> {
    /// A resource and where it was written.
    struct Placed {
        var resource: Resource
        let file: String
        let line: Int
    }

    let kind: String
    private(set) var documents: [Placed] = []

    init(kind: String) {
        self.kind = kind
    }

    var resources: [Resource] { documents.map(\.resource) }

    /// `file:line` of each document by its resource's path.
    var places: [String: String] {
        Dictionary(
            documents.map { ($0.resource.path, "\($0.file):\($0.line)") },
            uniquingKeysWith: { first, _ in first }
        )
    }

    mutating func add(_ resource: Resource, file: String, line: Int) {
        documents.append(Placed(resource: resource, file: file, line: line))
    }

    /// Gives a tenant to each document that names none.
    mutating func nameTenants(_ tenant: (Placed) -> String) {
        for index in documents.indices where documents[index].resource.tenant.isEmpty {
            documents[index].resource.tenant = tenant(documents[index])
        }
    }

    /// Notes documents that describe one resource again.
    func refuseTwins(_ log: ProblemLog) {
        var seen: [String: Placed] = [:]
        for document in documents {
            guard let first = seen[document.resource.path] else {
                seen[document.resource.path] = document
                continue
            }
            let message = "\(kind) \(document.resource.path) is already in \(first.file):\(first.line)"
            log.note(DocumentProblem(file: document.file, line: document.line, message: message, hint: "keep one"))
        }
    }
}
