import GatewayAPI
import Yams

/// Gathers documents and, once all are read, gives each its tenant and finds those that are there twice.
struct DocumentSetReader {
    let defaultTenant: String?
    let log: ProblemLog
    private var endpoints = DocumentShelf<EndpointResource>(kind: "endpoint")
    private var deployments = DocumentShelf<DeploymentResource>(kind: "deployment")
    private var tenants = DocumentShelf<TenantResource>(kind: "tenant")
    private var keys = DocumentShelf<NamedKeyResource>(kind: "key")
    private var principals = DocumentShelf<PrincipalResource>(kind: "principal")
    private var issuers = DocumentShelf<IssuerResource>(kind: "issuer")
    private var roles = DocumentShelf<RoleResource>(kind: "role")
    private var webhooks = DocumentShelf<WebhookResource>(kind: "webhook")
    /// A document was refused: what others would have taken from it is not missing by their own fault.
    private var hasRefused = false

    init(defaultTenant: String?, log: ProblemLog) {
        self.defaultTenant = defaultTenant
        self.log = log
    }

    mutating func add(_ node: Node, of file: String) {
        guard let kind = DocumentKind.of(node, file: file, log: log) else { return }
        switch kind {
        case .endpoint: add(EndpointDocument.read(node, file: file, log: log), to: \.endpoints, node, file)
        case .deployment: add(DeploymentDocument.read(node, file: file, log: log), to: \.deployments, node, file)
        case .tenant: add(TenantDocument.read(node, file: file, log: log), to: \.tenants, node, file)
        case .key: add(KeyDocument.read(node, file: file, log: log), to: \.keys, node, file)
        case .principal: add(PrincipalDocument.read(node, file: file, log: log), to: \.principals, node, file)
        case .issuer: add(IssuerDocument.read(node, file: file, log: log), to: \.issuers, node, file)
        case .role: add(RoleDocument.read(node, file: file, log: log), to: \.roles, node, file)
        case .webhook: add(WebhookDocument.read(node, file: file, log: log), to: \.webhooks, node, file)
        }
    }

    private mutating func add<Resource>(
        _ resource: Resource?,
        to shelf: WritableKeyPath<DocumentSetReader, DocumentShelf<Resource>>,
        _ node: Node,
        _ file: String
    ) {
        guard let resource else {
            if Resource.self == EndpointResource.self { hasRefused = true }
            return
        }
        self[keyPath: shelf].add(resource, at: DocumentPlace(file: file, node: node))
    }

    mutating func finish() -> DocumentSet {
        nameTenants()
        endpoints.refuseTwins(log)
        deployments.refuseTwins(log)
        tenants.refuseTwins(log)
        keys.refuseTwins(log)
        principals.refuseTwins(log)
        issuers.refuseTwins(log)
        roles.refuseTwins(log)
        webhooks.refuseTwins(log)
        var set = DocumentSet(
            endpoints: endpoints.resources,
            deployments: deployments.resources,
            warnings: log.warnings
        )
        set.tenants = tenants.resources
        set.keys = keys.resources
        set.principals = principals.resources
        set.issuers = issuers.resources
        set.roles = roles.resources
        set.webhooks = webhooks.resources
        for places in [
            tenants.places, endpoints.places, deployments.places, keys.places, principals.places, issuers.places,
            roles.places, webhooks.places,
        ] {
            set.places.merge(places) { first, _ in first }
        }
        return set
    }

    private mutating func nameTenants() {
        let (defaultTenant, hasRefused, log) = (defaultTenant, hasRefused, log)
        func tenant(_ known: String?, _ file: String, _ line: Int, hint: String = "add tenant or give --tenant")
            -> String
        {
            if let tenant = known ?? defaultTenant { return tenant }
            guard !hasRefused else { return "" }
            log.note(
                DocumentProblem(file: file, line: line, message: "the document names no tenant", hint: hint)
            )
            return ""
        }
        let azure = "add gatehouse.tenant or give --tenant"
        endpoints.nameTenants { tenant(nil, $0.file, $0.line, hint: azure) }
        let endpoints = endpoints.resources
        deployments.nameTenants { placed in
            let owners = Set(endpoints.filter { $0.name == placed.resource.endpoint }.map(\.tenant))
            return tenant(owners.count == 1 ? owners.first : nil, placed.file, placed.line, hint: azure)
        }
        keys.nameTenants { tenant(nil, $0.file, $0.line) }
        principals.nameTenants { tenant(nil, $0.file, $0.line) }
        issuers.nameTenants { tenant(nil, $0.file, $0.line) }
        roles.nameTenants { tenant(nil, $0.file, $0.line) }
        webhooks.nameTenants { tenant(nil, $0.file, $0.line) }
    }
}
