package import GatewayCore

/// A model file that is to become a registered version.
package struct ModelRegistration: Sendable, Equatable {
    package var tenant: String
    package var name: String
    /// `nil` gives the next number.
    package var version: String?
    /// Absolute path of the file on the gateway's machine.
    package var path: String
    /// Lower-case hex SHA-256 of the file.
    package var sha256: String
    /// Size in bytes.
    package var size: Int64
    /// Where the gateway has pulled the file from.
    package var source: String?

    package init(
        tenant: String,
        name: String,
        version: String? = nil,
        path: String,
        sha256: String,
        size: Int64,
        source: String? = nil
    ) {
        self.tenant = tenant
        self.name = name
        self.version = version
        self.path = path
        self.sha256 = sha256
        self.size = size
        self.source = source
    }

    fileprivate func definition(version: String) -> ModelDefinition {
        ModelDefinition(
            tenant: tenant,
            name: name,
            version: version,
            path: path,
            sha256: sha256,
            size: size,
            source: source
        )
    }
}

extension Store {
    /// In the order of registration.
    package func models(of tenant: String) throws(StoreError) -> [ModelDefinition] {
        let definitions = definitions
        guard definitions.tenants.contains(where: { $0.name == tenant }) else { throw .notFound(resource: tenant) }
        return definitions.models.filter { $0.tenant == tenant }
    }

    /// The version that the reference names, or the newest.
    package func model(_ tenant: String, _ reference: ModelReference) throws(StoreError) -> ModelDefinition {
        guard let model = definitions.model(tenant, reference) else {
            throw .notFound(resource: "\(tenant)/\(reference.text)")
        }
        return model
    }

    /// Registers a version.
    ///
    /// A version never changes: the same content again is `unchanged`, other content a conflict.
    package func registerModel(
        _ registration: ModelRegistration
    ) async throws(StoreError) -> (model: ModelDefinition, outcome: PutOutcome) {
        try await change { try $0.register(registration) }
    }
}

extension StoreTransaction {
    mutating func register(_ registration: ModelRegistration) throws -> (model: ModelDefinition, outcome: PutOutcome) {
        let model = registration.definition(version: definitions.version(of: registration))
        guard let known = definitions.models.last(where: { $0.resource == model.resource }) else {
            definitions.models.append(model)
            return (model, .created)
        }
        if known.holds(registration) { return (known, .unchanged) }
        let message = "is registered with other content; register the file as a new version"
        throw StoreError.conflict(Problem(.alreadyExists, model.resource, field: "version", message))
    }
}

extension Definitions {
    /// The version that a file gets: the one that is asked for, the newest that holds it, or the next number.
    package func version(of registration: ModelRegistration) -> String {
        if let version = registration.version { return version }
        let versions = models.filter { $0.tenant == registration.tenant && $0.name == registration.name }
        if let known = versions.last(where: { $0.holds(registration) }) { return known.version }
        let next = (versions.compactMap { Int($0.version) }.max() ?? 0).addingReportingOverflow(1)
        return "\(next.partialValue)"
    }
}

extension Store {
    /// Forgets a version; its file stays.
    ///
    /// - Throws: conflict while a deployment names it.
    package func forgetModel(_ tenant: String, _ name: String, _ version: String) async throws(StoreError) {
        try await change { try $0.forgetModel(tenant, name, version) }
    }

    /// The same for several, all or none.
    package func forgetModels(_ models: [ModelDefinition]) async throws(StoreError) {
        try await change { transaction in
            for model in models { try transaction.forgetModel(model.tenant, model.name, model.version) }
        }
    }
}

extension StoreTransaction {
    fileprivate mutating func forgetModel(_ tenant: String, _ name: String, _ version: String) throws {
        let reference = ModelReference(name: name, version: version)
        if let user = definitions.users(of: tenant, name, version).first {
            let message = "is the model of \(user.path); give that another one, or delete it first"
            throw StoreError.conflict(Problem(.invalidValue, "\(tenant)/\(reference.text)", message))
        }
        definitions.models.removeAll { $0.tenant == tenant && $0.name == name && $0.version == version }
    }
}

extension Definitions {
    /// The deployments that name a version of a model, or mean it as the newest.
    package func users(of tenant: String, _ name: String, _ version: String) -> [DeploymentDefinition] {
        let isNewest = model(tenant, ModelReference(name: name, version: nil))?.version == version
        return deployments.filter { deployment in
            deployment.tenant == tenant && deployment.model?.name == name
                && (deployment.model?.version.map { $0 == version } ?? isNewest)
        }
    }
}

extension ModelDefinition {
    fileprivate func holds(_ registration: ModelRegistration) -> Bool {
        path == registration.path && sha256 == registration.sha256 && size == registration.size
    }
}
