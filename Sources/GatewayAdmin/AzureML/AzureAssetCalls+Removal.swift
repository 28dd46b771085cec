import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Hummingbird

/// Archiving and deleting assets.
extension AzureAssetCalls {
    /// Archives every version of a name, or restores them: nothing else of a container may be put.
    @Sendable func putContainer(_ call: ARMCall) async throws -> Response {
        let (name, assets) = (try call.name("name"), AzureAssets(call: call))
        guard case .bool(let isArchived)? = try await call.body()["properties"]?["isArchived"] else {
            throw APIError(
                .invalid,
                "a name is made with its first version; of a name, isArchived alone can be put: true or false",
                target: "properties.isArchived"
            )
        }
        let versions = try await call.store.azureAssetVersions(try call.workspace().name, kind, name)
        guard !versions.isEmpty else { throw missing(name, nil, call) }
        for version in versions where version.isArchived != isArchived {
            guard var asset = try await assets.find(kind, name, version.version) else { continue }
            var properties = asset.properties
            properties.set("isArchived", .bool(isArchived))
            asset.record.body = try AzureBody.text(properties)
            asset.record.modifiedAt = WallClock.seconds
            // Nothing that makes the version what it is has changed.
            _ = try await call.store.putAzureAsset(call.tenant, asset) { _ in true }
        }
        return .json(container(name, try await assets.versions(kind, name), call))
    }

    /// Without its files: others may have been registered with them.
    ///
    /// One that the gateway has pulled goes with its last name.
    @Sendable func delete(_ call: ARMCall) async throws -> Response {
        let (name, version) = (try call.name("name"), try call.name("version"))
        let tenant = try call.workspace().name
        let isRegistered = try await forget(ModelReference(name: name, version: version), of: tenant, call)
        let isKept = try await call.store.deleteAzureAsset(tenant, kind, name, version)
        return isRegistered || isKept ? Response(status: .ok) : .noContent
    }

    /// - Returns: whether it was a model that the pool runs.
    private func forget(_ model: ModelReference, of tenant: String, _ call: ARMCall) async throws -> Bool {
        guard kind == .models, let known = call.store.definitions.model(tenant, model) else { return false }
        do {
            try await call.store.forgetModel(tenant, model.name, model.version ?? "")
        } catch {
            guard case StoreError.conflict(let problem) = error else { throw error }
            // The SDK takes 409 for a resource that exists already.
            throw APIError(.invalid, problem.message, target: problem.resource)
        }
        await call.controlPlane.pulls.shelf.removeFile(of: known)
        return true
    }
}
