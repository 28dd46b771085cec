import GatewayAPI
import GatewayCore
import GatewayStore
import NIOPosix

/// Makes what an Azure client put into a deployment that something serves, or says that nothing does.
struct AzureProvisioning: Sendable {
    let call: ARMCall
    let endpoint: EndpointDefinition
    let name: String
    let asked: AzureDeployment

    private var path: String { "\(call.tenant)/\(endpoint.name)/\(name)" }

    /// - Returns: the operation that says when it is ready, and whether there was no such deployment.
    func begin() async throws -> (ControlOperation, isNew: Bool) {
        guard Names.isDeployment(name) else {
            throw APIError(
                .invalid,
                "names of deployments are 3 to 32 letters, digits and -, a letter first",
                target: "name"
            )
        }
        let assets = AzureAssets(call: call)
        let model = try await assets.require(asked.model, asked.modelText)
        let environment = try await assets.require(asked.environment, nil)
        _ = try await assets.require(asked.code, nil)
        let before = try call.store.deployments(of: call.tenant, endpoint.name).first { $0.name == name }
        let isKept = try await call.store.azureDeploymentNames(of: call.tenant, endpoint.name).contains(name)
        let isNew = before == nil && !isKept
        let file = try await locate(model)
        let subject = ServingChoice.Subject(
            path: path,
            tenant: call.tenant,
            urls: asked.upstreamURLs,
            environment: asked.environment.map { "\($0.name):\($0.version)" },
            image: environment?.properties["image"]?.text,
            model: asked.model.map { "\($0.name):\($0.version)" },
            file: file,
            current: isKept ? nil : before?.serving
        )
        var choice: ServingChoice.Choice
        do throws(ServingChoice.NothingServes) {
            choice = try ServingChoice(runtimes: call.azure.runtimes).serving(of: subject)
        } catch {
            return (try await refuse(error, over: before), isNew)
        }
        choice.serving.probe(on: environment?.properties["inferenceConfig"])
        return (try await put(choice, file, over: before), isNew)
    }

    private func put(
        _ choice: ServingChoice.Choice,
        _ file: ModelLocation,
        over before: DeploymentDefinition?
    ) async throws -> ControlOperation {
        let wanted = applied(choice.serving, to: before)
        if case .native = choice.serving, case .file(let path) = file { try await register(path) }
        let body = try AzureBody.text(asked.kept)
        let plan = OperationPlan(putting: wanted, isNew: before == nil)
        var origin = ChangeOrigin.current
        if choice.isOwners { origin.isOwner = true }
        return try await ChangeOrigin.$current.withValue(origin) {
            try await call.controlPlane.operations.perform(plan) {
                _ = try await call.store.putDeployment(wanted, azure: body, by: call.author)
            }.operation
        }
    }

    /// What served it goes on; one that is new is kept, with the reason.
    private func refuse(
        _ refusal: ServingChoice.NothingServes,
        over before: DeploymentDefinition?
    ) async throws -> ControlOperation {
        if before == nil {
            try await call.store.keepAzureDeployment(
                call.tenant,
                endpoint.name,
                name,
                body: try AzureBody.text(asked.kept),
                failure: refusal.description,
                by: call.author
            )
        } else {
            try await call.store.failAzureDeployment(call.tenant, endpoint.name, name, refusal.description)
        }
        let unserved = applied(.upstream(UpstreamDefinition(urls: [])), to: before)
        return try await call.controlPlane.operations.fail(
            OperationPlan(putting: unserved, isNew: before == nil),
            code: "NothingServesDeployment",
            message: refusal.description
        )
    }

    private func applied(_ serving: Serving, to before: DeploymentDefinition?) -> DeploymentDefinition {
        var wanted =
            before
            ?? DeploymentDefinition(tenant: call.tenant, endpoint: endpoint.name, name: name, serving: serving)
        wanted.serving = serving
        wanted.description = asked.description
        wanted.tags = asked.tags
        wanted.properties = asked.properties
        wanted.environmentVariables = asked.environmentVariables
        wanted.instanceType = asked.instanceType
        wanted.settings = asked.settings
        wanted.liveness = asked.liveness
        wanted.readiness = asked.readiness
        // Where it is not said, what is closed stays closed.
        if let isDisabled = asked.isEgressDisabled { wanted.isEgressPrivate = isDisabled }
        if let model = asked.model { wanted.model = ModelReference(name: model.name, version: model.version) }
        return wanted
    }

    private func locate(_ model: AzureAsset?) async throws -> ModelLocation {
        guard let reference = asked.model else { return .missing("it has no model") }
        let ours = ModelReference(name: reference.name, version: reference.version)
        if call.store.definitions.model(call.tenant, ours) != nil { return .registered }
        guard let uri = model?.properties["modelUri"]?.text else {
            return .missing("its model is in a registry, whose files are not on this machine")
        }
        let (folder, tenant) = (call.azure.shelf.folder, call.tenant)
        return try await NIOThreadPool.singleton.runIfActive { folder.locate(uri, tenant: tenant) }
    }

    /// Under the name that Azure's client gave it: the pool runs registered models only.
    private func register(_ path: String) async throws {
        guard let model = asked.model else { return }
        let digest = try await LongDiskWork.shared.run(for: call.tenant) { try FileDigest(path: path) }
        _ = try await call.store.registerModel(
            ModelRegistration(
                tenant: call.tenant,
                name: model.name,
                version: model.version,
                path: path,
                sha256: digest.sha256,
                size: digest.size
            )
        )
    }
}

extension Serving {
    /// Probes an upstream where its environment says, unless it says so itself.
    fileprivate mutating func probe(on routes: ARMValue?) {
        guard case .upstream(var upstream) = self, upstream.probe == ProbePaths() else { return }
        upstream.probe.liveness = routes?["livenessRoute"]?["path"]?.text
        upstream.probe.readiness = routes?["readinessRoute"]?["path"]?.text
        self = .upstream(upstream)
    }
}
