import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore
import Hummingbird

/// What `/api/v1/tenants/{tenant}/models` answers.
struct ModelRoutes: Sendable {
    let store: Store

    @Sendable func list(_ request: Request, _ context: AdminRequestContext) throws -> Response {
        try Page(store.models(of: context.name("tenant")), request, key: \.label).answer(ModelResource.init)
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

    /// As the caller says it, or as the file has it; the path is on this machine, wherever the caller is.
    private func digest(of model: ModelResource, _ tenant: String) async throws -> (sha256: String, size: Int64) {
        let size = try checkFile(model)
        if let sha256 = model.sha256 { return (sha256, size) }
        let path = model.path
        let digest = try await LongDiskWork.shared.run(for: tenant) { try FileDigest(path: path) }
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
    fileprivate init(_ model: ModelDefinition) {
        self.init(name: model.name, version: model.version, path: model.path, sha256: model.sha256, size: model.size)
    }
}
