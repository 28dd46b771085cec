import GatewayAPI
import GatewayCore
import GatewayStore

/// The assets of a workspace: those that Azure's clients registered, and the models that our own API did.
struct AzureAssets: Sendable {
    let call: ARMCall

    /// The newest first.
    func versions(_ kind: AzureAsset.Kind, _ name: String? = nil) async throws -> [AzureAsset.Version] {
        let tenant = try call.workspace().name
        let found = try await call.store.azureAssetVersions(tenant, kind, name)
        guard kind == .models else { return found }
        let known = Set(found.map { "\($0.name):\($0.version)" })
        let ours = try call.store.models(of: tenant).filter {
            (name == nil || $0.name == name) && !known.contains($0.label)
        }
        return found + ours.reversed().map { AzureAsset.Version(name: $0.name, version: $0.version) }
    }

    func find(_ kind: AzureAsset.Kind, _ name: String, _ version: String) async throws -> AzureAsset? {
        let tenant = try call.workspace().name
        if let found = try await call.store.azureAsset(tenant, kind, name, version) { return found }
        guard kind == .models else { return nil }
        return call.store.definitions.model(tenant, ModelReference(name: name, version: version)).map(AzureAsset.init)
    }

    /// What a deployment refers to; a registry's assets are somewhere else and are not looked for.
    ///
    /// The SDK makes identifiers of names without asking whether they exist.
    func require(_ reference: AssetReference?, _ text: String?) async throws -> AzureAsset? {
        guard let reference, let kind = AzureAsset.Kind(rawValue: reference.kind) else { return nil }
        if let text, AssetReference.isForeign(text) { return nil }
        guard let found = try await find(kind, reference.name, reference.version) else {
            let name = "\(reference.name):\(reference.version)"
            let message = "\(name) is not registered in \(reference.kind) of \(call.tenant); register it first"
            throw APIError(.invalid, message, target: name)
        }
        return found
    }
}

extension AzureAsset {
    /// A model of our own API, as if it had come in Azure's way.
    init(_ model: ModelDefinition) {
        let body: ARMValue = [
            "modelUri": .string("file://\(model.path)"), "modelType": "custom_model", "flavors": [:], "tags": [:],
            "properties": ["sha256": .string(model.sha256)], "isArchived": false, "isAnonymous": false,
        ]
        let text = (try? AzureBody.text(body)) ?? "{}"
        let record = AzureRecord(body: text, createdAt: 0, modifiedAt: 0, createdBy: "gatehouse")
        self.init(kind: .models, name: model.name, version: model.version, record: record)
    }

    var properties: ARMValue { AzureBody.read(record.body) ?? [:] }
}

extension AzureAsset.Kind {
    /// What makes a version what it is, and never changes.
    private var fixed: [String] {
        switch self {
        case .models: ["modelUri"]
        case .environments: ["image", "condaFile", "build"]
        case .codes: ["codeUri"]
        case .data: ["dataUri"]
        }
    }

    func isSame(_ before: ARMValue, _ after: ARMValue) -> Bool { fixed.allSatisfy { before[$0] == after[$0] } }

    /// With what the SDK cannot do without.
    func filledIn(_ properties: ARMValue) -> ARMValue {
        var properties = properties
        if self == .models, properties["flavors"]?.members == nil { properties.set("flavors", [:]) }
        for member in ["tags", "properties"] where properties[member] == nil { properties.set(member, [:]) }
        for member in ["isArchived", "isAnonymous"] where properties[member] == nil { properties.set(member, false) }
        properties.set("provisioningState", "Succeeded")
        return properties
    }

    func warnings(of properties: ARMValue) -> [String] {
        guard self == .environments else { return [] }
        let unbuilt = ["condaFile", "build"].filter { properties[$0] != nil }.map {
            "\($0) has no meaning here: nothing is built"
        }
        return unbuilt + Self.warnings(ofRoutes: properties["inferenceConfig"])
    }

    private static func warnings(ofRoutes routes: ARMValue?) -> [String] {
        let hasPorts = routes?.members?.values.contains { $0["port"] != nil } ?? false
        let scoring = routes?["scoringRoute"]?["path"]?.text
        return [
            hasPorts ? "the ports of inference_config have no meaning here: those of the upstream's URLs count" : nil,
            scoring.flatMap { PathRewrite.isScoringRoute($0) ? nil : PathRewrite.scoringAdvice($0) },
        ].compactMap(\.self)
    }
}
