import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Hummingbird

/// Azure's versioned assets of one kind: models, environments, code folders, data.
struct AzureAssetCalls: Sendable {
    static let kinds = AzureAsset.Kind.allCases.map { AzureAssetCalls(kind: $0) }

    let kind: AzureAsset.Kind

    @Sendable func listContainers(_ call: ARMCall) async throws -> Response {
        let versions = Dictionary(grouping: try await AzureAssets(call: call).versions(kind), by: \.name)
        let names = versions.filter { $0.value.contains { call.lists($0) } }.keys.sorted()
        return try await call.page(of: names) { container($0, versions[$0] ?? [], call) }
    }

    @Sendable func getContainer(_ call: ARMCall) async throws -> Response {
        let name = try call.name("name")
        let versions = try await AzureAssets(call: call).versions(kind, name)
        guard !versions.isEmpty else { throw missing(name, nil, call) }
        return .json(container(name, versions, call))
    }

    /// The newest first, as `$orderBy=createdtime desc` has it; of a name that nobody registered, none.
    @Sendable func list(_ call: ARMCall) async throws -> Response {
        let (name, hash) = (try call.name("name"), call.query("hash"))
        let assets = AzureAssets(call: call)
        let versions = try await assets.versions(kind, name).filter { version in
            call.lists(version) && (hash == nil || version.hash == hash)
        }
        return try await call.page(of: versions) { version in
            try await assets.find(kind, name, version.version).map { show($0, call) }
        }
    }

    @Sendable func get(_ call: ARMCall) async throws -> Response {
        let (name, version) = (try call.name("name"), try call.name("version"))
        guard let found = try await AzureAssets(call: call).find(kind, name, version) else {
            throw missing(name, version, call)
        }
        return .json(show(found, call))
    }

    @Sendable func put(_ call: ARMCall) async throws -> Response {
        let (name, version) = (try call.name("name"), try call.name("version"))
        _ = try call.workspace()
        guard Names.isArtifact(name), Names.isArtifact(version) else {
            throw APIError(
                .invalid,
                "names and versions are 1 to 255 letters, digits, . _ and -, a letter or digit first",
                target: Names.isArtifact(name) ? "version" : "name"
            )
        }
        let sent = try await call.body()["properties"]
        guard let sent, sent.members != nil else {
            throw APIError(.invalid, "the body has no object properties", target: "properties")
        }
        // Files that are on the gateway's machine already are the owner's to hand out.
        if sent["modelUri"]?.text?.lowercased().hasPrefix("file:") == true { try call.asker.require(.gateway, in: nil) }
        let now = WallClock.seconds
        let body = try AzureBody.text(kind.filledIn(sent))
        let record = AzureRecord(body: body, createdAt: now, modifiedAt: now, createdBy: call.author)
        let asset = AzureAsset(kind: kind, name: name, version: version, record: record)
        let outcome = try await call.store.putAzureAsset(call.tenant, asset) { [kind] before in
            kind.isSame(AzureBody.read(before) ?? [:], sent)
        }
        let stored = try await call.store.azureAsset(call.tenant, kind, name, version) ?? asset
        var response = Response.json(show(stored, call), status: outcome.status)
        response.warn(kind.warnings(of: sent))
        return response
    }

    /// A folder to upload to, and a URL that opens it without another credential.
    @Sendable func startUpload(_ call: ARMCall) async throws -> Response {
        _ = try call.workspace()
        let (name, version) = (try call.name("name"), try call.name("version"))
        let folder = "\(kind.rawValue)-\(name)-\(version)"
        guard let blob = BlobName(tenant: call.tenant, plain: folder) else {
            throw APIError(.invalid, "the name and the version have more than 200 bytes together")
        }
        let uri = "\(call.baseURL)\(BlobRoutes.root)/\(blob.tenant)/\(PercentEncoding.encode(folder))"
        let query = call.azure.signature.query(tenant: blob.tenant, folder: folder)
        return .json(
            [
                "blobReferenceForConsumption": [
                    "blobUri": .string(uri),
                    "storageAccountArmId": "",
                    "credential": ["credentialType": "SAS", "sasUri": .string("\(uri)?\(query)")],
                ],
                "pendingUploadId": .string(folder),
                "pendingUploadType": "TemporaryBlobReference",
            ] as ARMValue
        )
    }

    func missing(_ name: String, _ version: String?, _ call: ARMCall) -> APIError {
        let asset = version.map { "\(name):\($0)" } ?? name
        return APIError(.notFound, "there is no \(asset) in \(kind.rawValue) of \(call.tenant)", target: asset)
    }

    func container(_ name: String, _ versions: [AzureAsset.Version], _ call: ARMCall) -> ARMValue {
        let next = (versions.compactMap { Int($0.version) }.max() ?? 0).addingReportingOverflow(1).partialValue
        return [
            "id": .string("\(call.scope.id)/\(kind.rawValue)/\(name)"),
            "name": .string(name),
            "type": .string(ARMScope.type(kind.rawValue)),
            "properties": [
                "latestVersion": .string(versions.first?.version ?? ""), "nextVersion": .string("\(next)"),
                "isArchived": .bool(versions.allSatisfy(\.isArchived)), "tags": [:], "properties": [:],
            ],
        ]
    }

    private func show(_ asset: AzureAsset, _ call: ARMCall) -> ARMValue {
        let reference = AssetReference(kind: kind.rawValue, name: asset.name, version: asset.version)
        return [
            "id": .string(reference.id(in: call.scope)),
            "name": .string(asset.version),
            "type": .string(ARMScope.type("\(kind.rawValue)/versions")),
            "systemData": AzureBody.systemData(asset.record),
            "properties": asset.properties,
        ]
    }
}

extension ARMCall {
    /// Whether a list shows it: `listViewType` is `ActiveOnly`, `ArchivedOnly` or `All`.
    fileprivate func lists(_ asset: AzureAsset.Version) -> Bool {
        switch query("listViewType")?.lowercased() {
        case "all": true
        case "archivedonly": asset.isArchived
        default: !asset.isArchived
        }
    }
}
