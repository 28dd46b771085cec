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
        try checkFile(model)
        let registration = ModelRegistration(
            tenant: try context.name("tenant"),
            name: model.name,
            version: model.version,
            path: model.path,
            sha256: model.sha256,
            size: model.size
        )
        let (registered, outcome) = try await store.registerModel(registration)
        return .json(ModelResource(registered), status: outcome.status)
    }

    /// The path is on this machine, wherever the caller is: say so before a worker fails on it.
    private func checkFile(_ model: ModelResource) throws(APIError) {
        let attributes = try? FileManager.default.attributesOfItem(atPath: model.path)
        guard model.path.hasPrefix("/"), let size = (attributes?[.size] as? NSNumber)?.int64Value else {
            throw APIError(.invalid, "\(model.path) is not a file on the gateway's machine", target: "path")
        }
        guard size == model.size else {
            throw APIError(.invalid, "\(model.path) has \(size) bytes there, not \(model.size)", target: "size")
        }
    }
}

extension ModelResource {
    fileprivate init(_ model: ModelDefinition) {
        self.init(name: model.name, version: model.version, path: model.path, sha256: model.sha256, size: model.size)
    }
}
