import GatewayAPI
import GatewayCore
import GatewayStore

/// A deployment before an Azure client's change: what serves it, and what its clients said last of what is to.
struct ServedBefore: Sendable {
    /// Where what is kept of a client's body says of what the serving was made; no client sees it.
    private static let origin = "servedBy"

    private let definition: DeploymentDefinition
    /// What an Azure client sent last; `nil` for one that none has made or changed.
    private let body: ARMValue?
    /// Version of the definition's model, where it is known.
    private let modelVersion: String?

    init(_ definition: DeploymentDefinition, _ record: AzureRecord?, modelVersion: String?) {
        self.definition = definition
        body = record.flatMap { AzureBody.read($0.body) }
        self.modelVersion = definition.model?.version ?? modelVersion
    }

    /// What serves it, without what only its environment said: that may have changed.
    var serving: Serving {
        guard case .upstream(var upstream) = definition.serving, let config = body?[Self.origin]?["inferenceConfig"]
        else { return definition.serving }
        let routes = InferenceRoutes(config)
        if upstream.probe == routes.probe { upstream.probe = ProbePaths() }
        if upstream.path == routes.scoring { upstream.path = nil }
        return .upstream(upstream)
    }

    /// Whether a client says of what is to serve it no other thing than it said before or was shown: then all that serves
    /// it goes on, whoever set it up.
    ///
    /// - Parameter image: of the environment that it names.
    func isRepeated(by asked: AzureDeployment, image: String?) -> Bool {
        let urls = ServingChoice.urls(in: asked.environmentVariables)
        let isShown = urls == ServingChoice.urls(in: definition.environmentVariables)
        guard let body else { return isShown || urls == nil }
        let kept = body["properties"]
        let variables = (try? AzureText.map(kept?["environmentVariables"], "")) ?? [:]
        guard isShown || (urls == nil && ServingChoice.urls(in: variables) == nil) else { return false }
        let environment = kept?["environmentId"]?.text.flatMap { AssetReference($0, kind: "environments") }
        guard environment == asked.environment else { return false }
        if let known = body[Self.origin], known["image"]?.text != image { return false }
        return isSameModel(asked.model, kept?["model"]?.text)
    }

    /// Whether the entry of `runtimes:` that it was served by leads elsewhere since.
    ///
    /// - Parameter serving: where the entry that matches leads now.
    func isMoved(to serving: Serving?) -> Bool {
        guard let entry = body?[Self.origin]?["runtime"], let serving else { return false }
        return Self.entry(serving) != entry
    }

    /// A client's body with what its serving is made of.
    ///
    /// - Parameter served: what goes on serving it, if that does.
    static func record(
        _ asked: AzureDeployment,
        _ environment: AzureAsset?,
        _ choice: ServingChoice.Choice,
        keeping served: ServedBefore?
    ) -> ARMValue {
        let properties = environment?.properties
        var body = asked.kept
        body.set(
            origin,
            .members([
                "image": properties?["image"],
                "inferenceConfig": properties?["inferenceConfig"],
                "runtime": choice.isOwners ? entry(choice.serving) : served?.body?[origin]?["runtime"],
            ])
        )
        return body
    }

    private static func entry(_ serving: Serving) -> ARMValue {
        switch serving {
        case .upstream(let upstream): .string(upstream.urls.joined(separator: ","))
        case .native: "native"
        }
    }

    private func isSameModel(_ asked: AssetReference?, _ kept: String?) -> Bool {
        if asked == kept.flatMap({ AssetReference($0, kind: "models") }) { return true }
        guard let asked, let shown = definition.model else { return false }
        return asked.name == shown.name && asked.version == modelVersion
    }
}
