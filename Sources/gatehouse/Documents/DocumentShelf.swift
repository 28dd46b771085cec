/// The documents of one kind, each with its place.
struct DocumentShelf<Resource: DocumentResource> {
    /// A resource and where it was written.
    struct Placed {
        var resource: Resource
        let place: DocumentPlace

        var file: String { place.file }
        var line: Int { place.line }
    }

    let kind: String
    private(set) var documents: [Placed] = []

    init(kind: String) {
        self.kind = kind
    }

    var resources: [Resource] { documents.map(\.resource) }

    /// Where each document is, by its resource's path.
    var places: [String: DocumentPlace] {
        Dictionary(documents.map { ($0.resource.path, $0.place) }, uniquingKeysWith: { first, _ in first })
    }

    mutating func add(_ resource: Resource, at place: DocumentPlace) {
        documents.append(Placed(resource: resource, place: place))
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
