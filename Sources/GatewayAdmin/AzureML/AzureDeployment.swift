import GatewayAPI
import GatewayCore

/// An online deployment as Azure's clients put it: read, and checked as far as no store is needed.
struct AzureDeployment: Sendable {
    private static let inner: Set<String> = [
        "endpointComputeType", "scaleSettings", "description", "properties", "environmentVariables", "environmentId",
        "model", "codeConfiguration", "instanceType", "requestSettings", "livenessProbe", "readinessProbe",
        "egressPublicNetworkAccess", "privateNetworkConnection", "modelMountPath", "appInsightsEnabled",
        "dataCollector", "provisioningState",
    ]

    /// The whole body, with the members that Azure fills in.
    let kept: ARMValue
    let description: String
    let tags: [String: String]
    let properties: [String: String]
    let environmentVariables: [String: String]
    let instanceType: String?
    let instanceCount: Int?
    let settings: RequestSettings
    /// `nil` = the defaults.
    let liveness: ProbeSettings?
    let readiness: ProbeSettings?
    /// No public address may serve it.
    let isEgressDisabled: Bool?
    let model: AssetReference?
    /// As it was written.
    let modelText: String?
    let environment: AssetReference?
    let code: AssetReference?
    let collector: AzureDataCollector
    /// Members that nobody reads.
    private let unknown: [String]

    init(_ body: ARMValue) throws(APIError) {
        guard let inner = body["properties"], inner.members != nil else {
            throw APIError(.invalid, "the body has no object properties", target: "properties")
        }
        try Self.checkKind(body, inner)
        description = inner["description"]?.text ?? ""
        tags = try AzureText.map(body["tags"], "tags")
        properties = try AzureText.map(inner["properties"], "properties.properties")
        environmentVariables = try AzureText.map(inner["environmentVariables"], "properties.environmentVariables")
        instanceType = inner["instanceType"]?.text
        instanceCount = try AzureText.count(body["sku"]?["capacity"], "sku.capacity")
        settings = try Self.settings(inner["requestSettings"])
        liveness = try Self.probe(inner["livenessProbe"], "livenessProbe")
        readiness = try Self.probe(inner["readinessProbe"], "readinessProbe")
        isEgressDisabled = try Self.egress(inner)
        modelText = inner["model"]?.text
        model = try Self.reference(inner["model"], "models", "properties.model")
        environment = try Self.reference(inner["environmentId"], "environments", "properties.environmentId")
        code = try Self.reference(
            inner["codeConfiguration"]?["codeId"],
            "codes",
            "properties.codeConfiguration.codeId"
        )
        collector = try AzureDataCollector(inner["dataCollector"])
        _ = try AzureText.identity(body["identity"])
        unknown = AzureText.unknown(body, Self.inner)
        kept = Self.normal(body, inner)
    }

    private static func checkKind(_ body: ARMValue, _ inner: ARMValue) throws(APIError) {
        let kinds = [body["kind"]?.text, inner["endpointComputeType"]?.text].compactMap { $0?.lowercased() }
        guard kinds.allSatisfy({ $0 == "managed" }) else {
            throw APIError(.invalid, "only Managed deployments are supported", target: "properties.endpointComputeType")
        }
        guard (inner["scaleSettings"]?["scaleType"]?.text ?? "Default").lowercased() == "default" else {
            throw APIError(
                .invalid,
                "the only scaleType is Default: an upstream's instances are its URLs",
                target: "properties.scaleSettings.scaleType"
            )
        }
    }

    private static func settings(_ value: ARMValue?) throws(APIError) -> RequestSettings {
        let limit = "maxConcurrentRequestsPerInstance"
        return RequestSettings(
            timeoutMilliseconds: try AzureText.duration(value?["requestTimeout"], "requestSettings.requestTimeout"),
            maxConcurrent: try AzureText.count(value?[limit], "requestSettings.\(limit)"),
            queueWaitMilliseconds: try AzureText.duration(value?["maxQueueWait"], "requestSettings.maxQueueWait")
        )
    }

    /// The SDK leaves members out that are zero or unset, and sends an empty object where all of them are.
    private static func probe(_ value: ARMValue?, _ name: String) throws(APIError) -> ProbeSettings? {
        guard let value, value.members?.isEmpty == false else { return nil }
        var probe = ProbeSettings()
        func seconds(_ member: String, _ standard: Int) throws(APIError) -> Int {
            try AzureText.duration(value[member], "\(name).\(member)").map { ($0 + 999) / 1000 } ?? standard
        }
        func count(_ member: String, _ standard: Int) throws(APIError) -> Int {
            try AzureText.count(value[member], "\(name).\(member)") ?? standard
        }
        probe.initialDelay = try seconds("initialDelay", probe.initialDelay)
        probe.period = try seconds("period", probe.period)
        probe.timeout = try seconds("timeout", probe.timeout)
        probe.successThreshold = try count("successThreshold", probe.successThreshold)
        probe.failureThreshold = try count("failureThreshold", probe.failureThreshold)
        return probe
    }

    private static func egress(_ inner: ARMValue) throws(APIError) -> Bool? {
        let said = try AzureText.isDisabled(inner["egressPublicNetworkAccess"], "egressPublicNetworkAccess")
        // Azure's older word for the same.
        return inner["privateNetworkConnection"]?.isTrue == true ? true : said
    }

    private static func reference(
        _ value: ARMValue?,
        _ kind: String,
        _ target: String
    ) throws(APIError) -> AssetReference? {
        guard let value else { return nil }
        guard let text = value.text, let reference = AssetReference(text, kind: kind) else {
            throw APIError(.invalid, "is no reference to a version in \(kind)", target: target)
        }
        return reference
    }

    /// Azure fills in what its clients leave out, and writes enabled collections with a capital letter.
    private static func normal(_ body: ARMValue, _ inner: ARMValue) -> ARMValue {
        var inner = inner
        inner.set("scaleSettings", ["scaleType": "Default"])
        if var collector = inner["dataCollector"], let collections = collector["collections"]?.members {
            collector.set("collections", .object(collections.mapValues(normal)))
            inner.set("dataCollector", collector)
        }
        return .members(["sku": body["sku"], "identity": body["identity"], "tags": body["tags"], "properties": inner])
    }

    private static func normal(_ collection: ARMValue) -> ARMValue {
        guard let mode = collection["dataCollectionMode"]?.text else { return collection }
        var collection = collection
        collection.set("dataCollectionMode", mode.lowercased() == "enabled" ? "Enabled" : "Disabled")
        return collection
    }
}

/// What is kept and shown without a meaning.
extension AzureDeployment {
    var warnings: [String] {
        let inner = kept["properties"] ?? [:]
        let known = [
            instanceType.map { _ in "instance_type has no meaning here" },
            (instanceCount ?? 1) == 1
                ? nil : "instance_count has no meaning here: an upstream's instances are its URLs, the pool scales",
            environment.map { _ in "environment: nothing of it is run, it only helps to find what serves the deployment"
            },
            inner["codeConfiguration"].map { _ in "code_configuration has no meaning here: nothing of it is run" },
            inner["modelMountPath"].map { _ in "model_mount_path has no meaning here" },
            inner["appInsightsEnabled"]?.isTrue == true
                ? "app_insights_enabled has no meaning here: every request has a receipt" : nil,
            collector.unfilled.isEmpty
                ? nil
                : """
                data_collector (\(collector.unfilled.joined(separator: ", "))): only a scoring script fills such a \
                collection, and none is run
                """,
        ]
        let others = unknown.map { "\($0) has no meaning here" } + [variablesWithoutEffect].compactMap(\.self)
        return known.compactMap(\.self) + others
    }

    /// Names only: values may be credentials.
    private var variablesWithoutEffect: String? {
        let names = environmentVariables.keys.filter { $0 != ServingChoice.urlsVariable }.sorted()
        guard !names.isEmpty else { return nil }
        return """
            environment_variables (\(names.joined(separator: ", "))) reach nobody: they are kept and shown, only \
            \(ServingChoice.urlsVariable) is read
            """
    }

    /// - Parameter routes: the `inferenceConfig` of its environment.
    func warnings(servedBy serving: Serving, routes: ARMValue?) -> [String] {
        guard case .native = serving else { return [] }
        let hasRoutes = routes?.members?.isEmpty == false
        return [
            hasRoutes ? "inference_config has no meaning here: a worker of the pool has routes of its own" : nil,
            readiness.map { _ in
                """
                readiness_probe: a worker of the pool says itself when it is ready, within initial_delay + period x \
                failure_threshold; timeout and success_threshold have no meaning here
                """
            },
        ].compactMap(\.self)
    }
}
