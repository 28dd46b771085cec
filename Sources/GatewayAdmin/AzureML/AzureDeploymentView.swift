import GatewayAPI
import GatewayCore
import GatewayStore

/// Shows a deployment in Azure's shape: what its client sent, with what is in force in the place of what was sent.
struct AzureDeploymentView {
    let call: ARMCall
    let endpoint: String
    let name: String
    /// `nil` for one that nothing serves.
    let definition: DeploymentDefinition?
    let record: AzureRecord?
    let state: String

    var json: ARMValue {
        let kept = record.flatMap { AzureBody.read($0.body) } ?? [:]
        return .members([
            "id": .string("\(call.scope.id)/onlineEndpoints/\(endpoint)/deployments/\(name)"),
            "name": .string(name),
            "type": .string(ARMScope.type("onlineEndpoints/deployments")),
            "location": .string(AzureLocation.name),
            "kind": "Managed",
            "tags": definition.map { .texts($0.tags) } ?? kept["tags"] ?? [:],
            "sku": ["name": "Default", "capacity": kept["sku"]?["capacity"] ?? .integer(instances)],
            "identity": kept["identity"],
            "systemData": record.map(AzureBody.systemData),
            "properties": properties(kept["properties"] ?? [:]),
        ])
    }

    private var instances: Int64 {
        guard case .upstream(let upstream) = definition?.serving else { return 1 }
        return Int64(upstream.urls.count)
    }

    private func properties(_ kept: ARMValue) -> ARMValue {
        var shown = merged(kept)
        // They may hold a backend's credentials: only who sets them sees them.
        if !call.asker.may(.deployments, in: call.tenant), let variables = shown["environmentVariables"]?.members {
            let hidden = ARMValue.string(DeploymentRoutes.hidden)
            shown.set("environmentVariables", .object(variables.mapValues { _ in hidden }))
        }
        return shown
    }

    /// What is in force, over what was kept.
    private func merged(_ kept: ARMValue) -> ARMValue {
        var shown = kept
        shown.set("endpointComputeType", "Managed")
        shown.set("provisioningState", .string(state))
        shown.set("scaleSettings", ["scaleType": "Default"])
        guard let definition else { return shown }
        shown.set("egressPublicNetworkAccess", definition.isEgressPrivate ? "Disabled" : "Enabled")
        shown.set("livenessProbe", definition.liveness.map(Self.probe))
        shown.set("readinessProbe", definition.readiness.map(Self.probe))
        shown.set("description", definition.description.isEmpty ? nil : .string(definition.description))
        shown.set("properties", .texts(definition.properties))
        shown.set("environmentVariables", .texts(definition.environmentVariables))
        shown.set("instanceType", definition.instanceType.map(ARMValue.string))
        shown.set("requestSettings", Self.requestSettings(definition.settings))
        shown.set("model", model(kept["model"], definition))
        shown.set("dataCollector", AzureDataCollector.shown(definition.capture, kept: kept["dataCollector"]))
        return shown
    }

    /// The time-out that is in force; of the others what was asked for, since the defaults are no numbers here.
    private static func requestSettings(_ settings: RequestSettings) -> ARMValue {
        let timeout = settings.timeoutMilliseconds ?? RequestSettings.defaultTimeoutMilliseconds
        return .members([
            "requestTimeout": span(milliseconds: timeout),
            "maxConcurrentRequestsPerInstance": settings.maxConcurrent.map { .integer(Int64($0)) },
            "maxQueueWait": settings.queueWaitMilliseconds.map(span),
        ])
    }

    private static func probe(_ probe: ProbeSettings) -> ARMValue {
        [
            "initialDelay": span(milliseconds: probe.initialDelay * 1000),
            "period": span(milliseconds: probe.period * 1000),
            "timeout": span(milliseconds: probe.timeout * 1000),
            "successThreshold": .integer(Int64(probe.successThreshold)),
            "failureThreshold": .integer(Int64(probe.failureThreshold)),
        ]
    }

    private static func span(milliseconds: Int) -> ARMValue {
        .string(ISODuration(milliseconds: Int64(milliseconds)).text)
    }

    /// The client's own spelling, as long as it names the model that is in force.
    private func model(_ kept: ARMValue?, _ definition: DeploymentDefinition) -> ARMValue? {
        guard let reference = definition.model else { return kept }
        if let text = kept?.text, let known = AssetReference(text, kind: "models"), known.name == reference.name,
            known.version == reference.version
        {
            return kept
        }
        guard let version = reference.version ?? call.store.definitions.model(call.tenant, reference)?.version else {
            return kept
        }
        return .string(AssetReference(kind: "models", name: reference.name, version: version).id(in: call.scope))
    }
}
