import GatewayAPI
import GatewayCore
import GatewayStore

/// Makes what an Azure client put into a deployment that something serves, or says that nothing does.
struct AzureProvisioning: Sendable {
    let call: ARMCall
    let endpoint: EndpointDefinition
    let name: String
    let asked: AzureDeployment

    private var path: String { "\(call.tenant)/\(endpoint.name)/\(name)" }

    /// What was begun.
    struct Outcome: Sendable {
        /// Says when it is ready.
        let operation: ControlOperation
        /// Whether there was no such deployment.
        let isNew: Bool
        /// What has no meaning for what serves it.
        var warnings: [String] = []
    }

    func begin() async throws -> Outcome {
        guard Names.isDeployment(name) else {
            throw APIError(
                .invalid,
                "names of deployments are 3 to 32 letters, digits and -, a letter first",
                target: "name"
            )
        }
        let assets = AzureAssets(call: call)
        let registered = try await assets.require(asked.model, asked.modelText)
        let environment = try await assets.require(asked.environment, nil)
        _ = try await assets.require(asked.code, nil)
        let before = try call.store.deployments(of: call.tenant, endpoint.name).first { $0.name == name }
        try checkCapture(of: before)
        let record = try await call.store.azureDeployment(call.tenant, endpoint.name, name)
        let isNew = before == nil && record == nil
        let search = ModelSearch(store: call.store, folder: call.azure.shelf.folder, tenant: call.tenant)
        let file = try await search.locate(asked.modelReference, uri: registered?.properties["modelUri"]?.text)
        let served = before.map { before in
            let model = before.model.flatMap { call.store.definitions.model(call.tenant, $0) }
            return ServedBefore(before, record, modelVersion: model?.version)
        }
        let subject = subject(over: served, environment, file)
        var choice: ServingChoice.Choice
        do throws(ServingChoice.NothingServes) {
            choice = try ServingChoice(runtimes: call.azure.runtimes).serving(of: subject)
        } catch {
            return Outcome(operation: try await refuse(error, over: before), isNew: isNew)
        }
        let routes = environment?.properties["inferenceConfig"]
        choice.serving.take(InferenceRoutes(routes))
        var model: ModelRegistration?
        if case .native = choice.serving, case .file(let path) = file, let reference = asked.modelReference {
            model = try await search.registration(of: path, as: reference)
        }
        let kept = ServedBefore.record(asked, environment, choice, keeping: subject.current == nil ? nil : served)
        return Outcome(
            operation: try await put(choice, model, kept, over: before),
            isNew: isNew,
            warnings: asked.warnings(servedBy: choice.serving, routes: routes)
        )
    }

    /// One rule decides what of a deployment's exchanges is kept.
    private func checkCapture(of before: DeploymentDefinition?) throws(APIError) {
        guard asked.collector.rule != nil, let capture = before?.capture, capture.collections.isEmpty else { return }
        throw APIError(
            .invalid,
            """
            \(path) has a capture rule of its own (gatehouse.capture): take that out of its document, or leave \
            data_collector out
            """,
            target: "properties.dataCollector"
        )
    }

    private func subject(
        over served: ServedBefore?,
        _ environment: AzureAsset?,
        _ file: ModelLocation
    ) -> ServingChoice.Subject {
        var subject = ServingChoice.Subject(
            path: path,
            tenant: call.tenant,
            urls: ServingChoice.urls(in: asked.environmentVariables),
            environment: asked.environment.map { "\($0.name):\($0.version)" },
            image: environment?.properties["image"]?.text,
            model: asked.model.map { "\($0.name):\($0.version)" },
            file: file,
            before: served?.serving
        )
        guard let served, served.isRepeated(by: asked, image: subject.image),
            !served.isMoved(to: call.azure.runtimes.serving(of: subject.runtime))
        else { return subject }
        (subject.urls, subject.current) = (nil, served.serving)
        return subject
    }

    private func put(
        _ choice: ServingChoice.Choice,
        _ model: ModelRegistration?,
        _ kept: ARMValue,
        over before: DeploymentDefinition?
    ) async throws -> ControlOperation {
        let wanted = applied(choice.serving, to: before)
        let body = try AzureBody.text(kept)
        let plan = OperationPlan(putting: wanted, isNew: before == nil)
        return try await call.controlPlane.operations.perform(plan) {
            _ = try await call.store.putDeployment(
                wanted,
                over: before,
                isOwners: choice.isOwners,
                registering: model,
                azure: body,
                by: call.author
            )
        }.operation
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
        wanted.take(asked)
        return wanted
    }
}

extension DeploymentDefinition {
    /// Everything that an Azure client says of a deployment, but what serves it.
    mutating func take(_ asked: AzureDeployment) {
        description = asked.description
        tags = asked.tags
        properties = asked.properties
        environmentVariables = asked.environmentVariables
        instanceType = asked.instanceType
        settings = asked.settings
        liveness = asked.liveness
        readiness = asked.readiness
        // Where it is not said, what is closed stays closed.
        if let isDisabled = asked.isEgressDisabled { isEgressPrivate = isDisabled }
        if let reference = asked.modelReference { model = reference }
        // A rule of ours is none of Azure's, and stays.
        if asked.collector.rule != nil || capture?.collections.isEmpty == false { capture = asked.collector.rule }
    }
}

extension AzureDeployment {
    fileprivate var modelReference: ModelReference? { model.map { ModelReference(name: $0.name, version: $0.version) } }
}
