import GatewayAPI
import GatewayCore
import GatewayStore

/// Makes a deployment of what a document or a PUT says; where that does not say what serves it, the first of the three ways
/// of DESIGN §4 does, as for Azure's clients.
struct DeploymentMaker: Sendable {
    /// What is to be stored.
    struct Made: Sendable {
        var definition: DeploymentDefinition
        /// Whether the configuration file says what serves it.
        var isOwners = false
        /// To be registered in the same change.
        var model: ModelRegistration?
    }

    /// What is known of an environment.
    private struct Environment {
        /// `NAME:VERSION`.
        var name: String?
        var image: String?
        var routes = InferenceRoutes()
    }

    let store: Store
    let azure: AzureDialect
    let asker: Operator

    func make(_ resource: DeploymentResource) async throws -> Made {
        guard resource.model == nil || resource.modelSource == nil else {
            throw APIError(.invalid, "modelSource stands beside model; keep one of the two", target: "modelSource")
        }
        let environment = try await environment(of: resource)
        let isSaid = resource.upstream != nil || resource.native != nil
        var definition =
            try isSaid
            ? DeploymentDefinition(resource)
            : DeploymentDefinition(resource, serving: .native(NativeDefinition()))
        definition.model = try await pinned(definition.model, in: resource.tenant)
        let file =
            if let source = resource.modelSource {
                try await sourceFile(source, in: resource.tenant)
            } else {
                try await registeredFile(definition.model, in: resource.tenant)
            }
        var made = Made(definition: definition)
        if !isSaid {
            let choice = try choice(for: resource, definition.model, environment, file)
            (made.definition.serving, made.isOwners) = (choice.serving, choice.isOwners)
        } else if case .native = definition.serving {
            try Self.require(file, isFileNamed: resource.modelSource != nil, path(of: resource))
        }
        made.definition.serving.take(environment.routes)
        return try await withModel(made, file, resource.modelSource)
    }

    /// What is not registered at all the store will say of a reference.
    private static func require(_ file: ModelLocation, isFileNamed: Bool, _ path: String) throws(APIError) {
        switch file {
        case .registered, .file: return
        case .missing(let reason):
            if isFileNamed { throw APIError(.invalid, reason, target: path) }
        case .unrunnable(let reason):
            throw APIError(.invalid, "\(reason), and the embedded pool runs only GGUF", target: path)
        }
    }

    private func choice(
        for resource: DeploymentResource,
        _ model: ModelReference?,
        _ environment: Environment,
        _ file: ModelLocation
    ) throws(APIError) -> ServingChoice.Choice {
        let subject = ServingChoice.Subject(
            path: path(of: resource),
            tenant: resource.tenant,
            urls: ServingChoice.urls(in: resource.environmentVariables),
            environment: environment.name,
            image: environment.image,
            model: label(of: model ?? resource.modelSource?.reference, in: resource.tenant),
            file: file
        )
        do throws(ServingChoice.NothingServes) {
            return try ServingChoice(runtimes: azure.runtimes).serving(of: subject)
        } catch {
            let more = "A document may also say it under gatehouse: with upstream (urls) or native."
            throw APIError(.invalid, "\(error.description). \(more)", target: subject.path)
        }
    }

    /// The model that the pool is to run becomes a registered one; of one that an upstream has only the name is kept.
    private func withModel(_ made: Made, _ file: ModelLocation, _ source: ModelSourceResource?) async throws -> Made {
        var made = made
        if let source { made.definition.model = source.reference }
        guard case .native = made.definition.serving, case .file(let path) = file else { return made }
        let search = search(in: made.definition.tenant)
        let reference = source == nil ? made.definition.model : nil
        var model = try await search.registration(of: path, as: reference)
        if let name = source?.name { model.name = name }
        if let source { model.version = source.version }
        model.version = store.definitions.version(of: model)
        made.definition.model = ModelReference(name: model.name, version: model.version)
        made.model = model
        return made
    }
}

/// Where what a document refers to is found.
extension DeploymentMaker {
    private func path(of resource: DeploymentResource) -> String {
        "\(resource.tenant)/\(resource.endpoint)/\(resource.name)"
    }

    private func search(in tenant: String) -> ModelSearch {
        ModelSearch(store: store, folder: azure.shelf.folder, tenant: tenant)
    }

    private func sourceFile(_ source: ModelSourceResource, in tenant: String) async throws -> ModelLocation {
        let search = search(in: tenant)
        if source.path.lowercased().hasPrefix("azureml:") { return try await search.locate(uri: source.path) }
        let name = source.name ?? "NAME"
        let advice = """
            register it on that machine with gatehouse models register \(tenant)/\(name) --path FILE, and write \
            model: azureml:\(name):VERSION
            """
        guard asker.may(.gateway, in: nil) else {
            return .missing(
                "its model is a file, which only an operator of the whole gateway may register by its path; have them \(advice)"
            )
        }
        guard source.path.hasPrefix("/") else { return .missing("\(source.path) is no absolute path; \(advice)") }
        let found = try await search.locate(path: source.path)
        guard case .missing(let reason) = found else { return found }
        return .missing("\(reason) on the gateway's machine; \(advice)")
    }

    private func registeredFile(_ reference: ModelReference?, in tenant: String) async throws -> ModelLocation {
        var uri: String?
        if let reference, let asset = try await asset(.models, reference, in: tenant) {
            uri = asset.properties["modelUri"]?.text
        }
        let location = try await search(in: tenant).locate(reference, uri: uri)
        guard let reference, uri == nil, case .missing = location else { return location }
        return .missing("\(reference.text) is not registered")
    }

    /// The newest version where only Azure's clients have registered one: that is the one whose file is looked for.
    private func pinned(_ reference: ModelReference?, in tenant: String) async throws -> ModelReference? {
        guard let reference, reference.version == nil, store.definitions.model(tenant, reference) == nil else {
            return reference
        }
        let newest = try await asset(.models, reference, in: tenant)
        return ModelReference(name: reference.name, version: newest?.version)
    }

    /// `NAME:VERSION`, for the patterns of `runtimes:`; one without a version is the newest.
    private func label(of reference: ModelReference?, in tenant: String) -> String? {
        guard let reference else { return nil }
        let version = reference.version ?? store.definitions.model(tenant, reference)?.version
        return "\(reference.name):\(version ?? "1")"
    }

    /// One that is not registered here is known by its name alone: nothing of it is run.
    private func environment(of resource: DeploymentResource) async throws -> Environment {
        guard let said = resource.environment else { return Environment() }
        if let scoring = said.scoring, !PathRewrite.isScoringRoute(scoring) {
            throw APIError(.invalid, PathRewrite.scoringAdvice(scoring), target: "environment.scoring")
        }
        guard let text = said.reference else {
            return Environment(name: said.name, image: said.image, routes: InferenceRoutes(said))
        }
        let named = AssetReference(text, kind: "environments").map {
            ModelReference(name: $0.name, version: $0.version)
        }
        guard let reference = named ?? ModelReference(text) else { return Environment() }
        let isForeign = AssetReference.isForeign(text)
        let found = isForeign ? nil : try await asset(.environments, reference, in: resource.tenant)
        let version = found?.version ?? reference.version
        return Environment(
            name: version.map { "\(reference.name):\($0)" } ?? reference.name,
            image: found?.properties["image"]?.text,
            routes: InferenceRoutes(found?.properties["inferenceConfig"])
        )
    }

    /// As Azure's clients registered it; without a version, the newest.
    private func asset(
        _ kind: AzureAsset.Kind,
        _ reference: ModelReference,
        in tenant: String
    ) async throws -> AzureAsset? {
        var version = reference.version
        if version == nil { version = try await store.azureAssetVersions(tenant, kind, reference.name).first?.version }
        guard let version else { return nil }
        return try await store.azureAsset(tenant, kind, reference.name, version)
    }
}

extension ModelSourceResource {
    /// What it is called before its file is known.
    fileprivate var reference: ModelReference? { name.map { ModelReference(name: $0, version: version ?? "1") } }
}
