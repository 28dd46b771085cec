import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Hummingbird

/// What `/api/v1/tenants/{tenant}/models` answers.
struct ModelRoutes: Sendable {
    let store: Store
    let pulls: ModelPulls

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let tenant = try context.name("tenant")
        let page = try Page(store.models(of: tenant), request, key: \.label)
        let uses = try await store.modelUses()
        let models = page.elements
        let shown = try await LongDiskWork.shared.run(for: tenant) {
            models.map { model in
                var resource = ModelResource(model, usedAt: uses[model.path])
                resource.format = ModelHeader.format(path: model.path)?.rawValue
                return resource
            }
        }
        return Page(shown, nextLink: page.nextLink).answer { $0 }
    }

    @Sendable func get(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let model = try find(context)
        var resource = ModelResource(model, usedAt: try await store.modelUses()[model.path])
        let path = model.path
        let (format, header, refusal) = try await LongDiskWork.shared.run(for: model.tenant) {
            (ModelHeader.format(path: path), try? ModelHeader(path: path), ModelHeader.refusal(path: path))
        }
        resource.format = format?.rawValue
        resource.refusal = format == nil ? "cannot be read at \(path)" : refusal
        resource.header = header.flatMap { $0.format == .gguf ? ModelHeaderResource($0) : nil }
        return .json(resource)
    }

    @Sendable func register(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let model = try await JSONBody.decode(ModelResource.self, from: request)
        let tenant = try context.name("tenant")
        let digest = try await digest(of: model, tenant)
        let registration = ModelRegistration(
            tenant: tenant,
            name: model.name,
            version: model.version,
            path: model.path,
            sha256: digest.sha256,
            size: digest.size
        )
        let (registered, outcome) = try await store.registerModel(registration)
        return .json(ModelResource(registered), status: outcome.status)
    }

    /// Begins at once; the operation tells how it goes.
    @Sendable func pull(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let asked = try await JSONBody.decode(ModelPullRequest.self, from: request)
        let tenant = try context.name("tenant")
        _ = try store.tenant(tenant)
        let isOwner = try context.requireOperator().may(.gateway, in: nil)
        let pull = try ModelPullCheck(store: store, isOwner: isOwner).pull(asked, tenant)
        let operation = try await pulls.begin(pull)
        return .json(OperationResource(operation), status: .accepted).following(operation)
    }

    /// Reads the whole file again.
    @Sendable func verify(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let model = try find(context)
        let path = model.path
        let found = try await LongDiskWork.shared.run(for: model.tenant) { try? FileDigest(path: path) }
        let problem: String? =
            switch found {
            case nil: "\(path) cannot be read"
            case .some(let found) where found.sha256 != model.sha256:
                "\(path) is not the file that was registered: it has \(found.size) bytes, where it had \(model.size)"
            default: nil
            }
        return .json(
            ModelVerificationResource(
                name: model.name,
                version: model.version,
                path: path,
                isGood: problem == nil,
                expected: model.sha256,
                found: found?.sha256,
                problem: problem
            )
        )
    }

    /// A file that was pulled goes with the last model that has it; one that was registered stays.
    @Sendable func remove(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let model = try find(context)
        try await store.forgetModel(model.tenant, model.name, model.version)
        await pulls.shelf.removeFile(of: model)
        return .noContent
    }

    /// The version of the URL; `latest` is the newest, unless one is called that.
    private func find(_ context: AdminRequestContext) throws -> ModelDefinition {
        let (tenant, name) = (try context.name("tenant"), try context.name("model"))
        let version = try context.name("version")
        let named = store.definitions.model(tenant, ModelReference(name: name, version: version))
        if named == nil, version == "latest" {
            return try store.model(tenant, ModelReference(name: name, version: nil))
        }
        return try named ?? store.model(tenant, ModelReference(name: name, version: version))
    }

    /// As the caller says it, or as the file has it; the path is on this machine, wherever the caller is.
    private func digest(of model: ModelResource, _ tenant: String) async throws -> (sha256: String, size: Int64) {
        let size = try checkFile(model)
        if let sha256 = model.sha256 { return (sha256, size) }
        let digest = try await LongDiskWork.shared.digest(of: model.path, for: tenant)
        return (digest.sha256, digest.size)
    }

    /// Says it before a worker fails on it.
    private func checkFile(_ model: ModelResource) throws(APIError) -> Int64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: model.path)
        guard model.path.hasPrefix("/"), attributes?[.type] as? FileAttributeType != .typeDirectory,
            let size = (attributes?[.size] as? NSNumber)?.int64Value
        else {
            throw APIError(.invalid, "\(model.path) is not a file on the gateway's machine", target: "path")
        }
        guard model.size.map({ $0 == size }) ?? true else {
            throw APIError(.invalid, "\(model.path) has \(size) bytes there, not \(model.size ?? 0)", target: "size")
        }
        return size
    }
}

extension ModelResource {
    /// - Parameter time: seconds since 1970.
    fileprivate init(_ model: ModelDefinition, usedAt time: Int64? = nil) {
        self.init(name: model.name, version: model.version, path: model.path, sha256: model.sha256, size: model.size)
        source = model.source
        lastUsedAt = time.map(WireTime.text)
    }
}

extension ModelHeaderResource {
    fileprivate init(_ header: ModelHeader) {
        self.init(hasChatTemplate: header.hasChatTemplate)
        architecture = header.architecture
        title = header.name
        kind = header.kind?.rawValue
        quantisation = header.quantisation
        parameters = header.parameters.map { Int64(clamping: $0) }
        contextLength = header.contextLength.map { Int64(clamping: $0) }
        embeddingLength = header.embeddingLength.map { Int64(clamping: $0) }
        vocabulary = header.vocabulary.map { Int64(clamping: $0) }
        tokenizer = header.tokenizer
        chatTemplate = header.chatTemplate
    }
}
