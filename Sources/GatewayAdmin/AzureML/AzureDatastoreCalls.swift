import GatewayAPI
import Hummingbird

/// The one datastore that every workspace has: files on the gateway's machine, behind `/store.blob.local`.
enum AzureDatastoreCalls {
    static let name = "workspaceblobstore"

    @Sendable static func list(_ call: ARMCall) async throws -> Response {
        _ = try call.workspace()
        return try await call.page(of: [name]) { _ in show(call) }
    }

    @Sendable static func get(_ call: ARMCall) async throws -> Response {
        _ = try call.workspace()
        let asked = try call.name("datastore")
        guard asked.lowercased() == name else {
            throw APIError(.notFound, "there is no datastore \(asked.debugDescription); the one there is is \(name)")
        }
        return .json(show(call))
    }

    /// The SDK pastes the account's name into `https://{account}.blob.{suffix}/` unchecked: ours has a path in it.
    private static func show(_ call: ARMCall) -> ARMValue {
        let authority = call.baseURL.dropFirst("https://".count)
        return [
            "id": .string("\(call.scope.id)/datastores/\(name)"),
            "name": .string(name),
            "type": .string(ARMScope.type("datastores")),
            "properties": [
                "datastoreType": "AzureBlob",
                "accountName": .string("\(authority)/store"),
                "containerName": .string(call.tenant),
                "endpoint": .string(AzureMetadata.storageSuffix),
                "protocol": "https",
                "isDefault": true,
                "credentials": ["credentialsType": "None"],
                "serviceDataAccessAuthIdentity": "None",
                "description": "Files on the gateway's machine.",
                "tags": [:],
                "properties": [:],
            ],
        ]
    }
}
