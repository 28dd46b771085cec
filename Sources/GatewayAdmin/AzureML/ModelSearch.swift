import GatewayCore
import GatewayStore
import NIOPosix

/// Finds the file of a model, and makes it a registered one: the pool runs no others.
struct ModelSearch: Sendable {
    let store: Store
    let folder: ArtifactFolder
    let tenant: String

    /// - Parameter uri: where the model's registration says that its file is.
    func locate(_ reference: ModelReference?, uri: String?) async throws -> ModelLocation {
        guard let reference else { return .missing("it has no model") }
        if let model = store.definitions.model(tenant, reference) { return try await check(model) }
        guard let uri else { return .missing("its model is in a registry, whose files are not on this machine") }
        return try await locate(uri: uri)
    }

    /// The pool runs what is GGUF now, whatever the file was when it was registered.
    private func check(_ model: ModelDefinition) async throws -> ModelLocation {
        let path = model.path
        let refusal = try await NIOThreadPool.singleton.runIfActive { ModelHeader.refusal(path: path) }
        return refusal.map { .unrunnable("the file of \(model.label) \($0)") } ?? .registered
    }

    func locate(uri: String) async throws -> ModelLocation {
        try await NIOThreadPool.singleton.runIfActive { [folder, tenant] in folder.locate(uri, tenant: tenant) }
    }

    /// - Parameter path: absolute, on this machine.
    func locate(path: String) async throws -> ModelLocation {
        try await NIOThreadPool.singleton.runIfActive { [folder] in folder.locate(path: path, named: path) }
    }

    /// Under the name that its client gave it, or one that its checksum gives.
    func registration(of path: String, as reference: ModelReference?) async throws -> ModelRegistration {
        let digest = try await LongDiskWork.shared.run(for: tenant) { try FileDigest(path: path) }
        return ModelRegistration(
            tenant: tenant,
            name: reference?.name ?? "sha256-\(digest.sha256.prefix(32))",
            version: reference?.version,
            path: path,
            sha256: digest.sha256,
            size: digest.size
        )
    }
}
