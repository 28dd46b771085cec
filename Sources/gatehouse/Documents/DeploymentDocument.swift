import Foundation
import GatewayAPI
import GatewayCore
import Yams

/// Reads Azure ML's `managedOnlineDeployment` document with our additions under `gatehouse`.
enum DeploymentDocument {
    /// Keys that only a deployment has: they tell the kind of a document that says it nowhere else.
    static let ownKeys: Set<String> = [
        "endpoint_name", "instance_type", "instance_count", "model", "model_mount_path", "environment",
        "environment_variables", "code_configuration", "app_insights_enabled", "scale_settings", "request_settings",
        "liveness_probe", "readiness_probe", "data_collector", "egress_public_network_access",
    ]

    private static let known =
        ownKeys + [
            "$schema", "name", "type", "description", "tags", "properties", "id", "provisioning_state",
            "creation_context", "gatehouse",
        ]

    /// The deployment of a document, its tenant empty where the document names none; `nil` when something was noted.
    static func read(_ node: Node, file: String, log: ProblemLog) -> DeploymentResource? {
        let problems = log.problems.count
        guard
            let document = YAMLMapping(
                node,
                file: file,
                known: known,
                notBuilt: ["private_network_connection"],
                log: log
            )
        else { return nil }
        var deployment = DeploymentResource(
            tenant: "",
            endpoint: document.endpointName("endpoint_name") ?? "",
            name: document.endpointName("name") ?? ""
        )
        deployment.description = document.string("description") ?? ""
        deployment.tags = document.stringMap("tags")
        deployment.properties = document.stringMap("properties")
        deployment.environmentVariables = document.stringMap("environment_variables")
        deployment.instanceType = document.string("instance_type")
        readModel(document, into: &deployment)
        deployment.environment = document.environment("environment")
        deployment.requestSettings = readRequestSettings(document)
        deployment.livenessProbe = document.probe("liveness_probe")
        deployment.readinessProbe = document.probe("readiness_probe")
        if document.word("egress_public_network_access", of: ["enabled", "disabled"]) == "disabled" {
            deployment.egressPublicNetworkAccess = "disabled"
        }
        refuseWhatIsNotBuilt(document)
        warnOfWhatHasNoMeaning(document)
        readServing(document, into: &deployment)
        readCollector(document, into: &deployment)
        return log.problems.count == problems ? deployment : nil
    }

    /// `azureml:name:version`, `azureml:name@latest`, or a mapping with `name` and `version`, or with a `path`.
    private static func readModel(_ document: YAMLMapping, into deployment: inout DeploymentResource) {
        guard let member = document["model"] else { return }
        let spelling = "write azureml:name:version or azureml:name@latest"
        guard case .mapping = member.node else {
            guard let text = document.string("model") else { return }
            if text.hasPrefix("azureml://") {
                document.refuse("model", "models of a registry are not built yet", hint: spelling)
            } else if !text.hasPrefix("azureml:") || ModelReference(text) == nil {
                document.refuse(
                    "model",
                    "\(text.debugDescription) is not a reference to a registered model",
                    hint: spelling
                )
            }
            deployment.model = text
            return
        }
        let known = ["name", "version", "path", "type", "description", "tags", "properties", "flavors", "stage"]
        guard let model = document.object("model", known: known, notBuilt: ["datastore"]) else { return }
        let path = model.string("path")
        guard let name = path == nil ? model.requiredString("name") : model.string("name") ?? "" else { return }
        guard name.isEmpty && path != nil || Names.isArtifact(name) else {
            return model.refuse("name", "\(name.debugDescription) is not a valid model name")
        }
        let version = model.string("version")
        guard let path else {
            deployment.model = ModelReference(name: name, version: version).text
            return
        }
        if name.isEmpty, version != nil { model.refuse("version", "stands without a name", hint: "add name") }
        deployment.modelSource = ModelSourceResource(
            name: name.isEmpty ? nil : name,
            version: version,
            path: absolute(path, document.file)
        )
    }

    /// As `az` reads it, a file's path counts from the document's folder.
    private static func absolute(_ path: String, _ document: String) -> String {
        if path.lowercased().hasPrefix("azureml:") { return path }
        let plain = path.hasPrefix("file:") && !path.hasPrefix("file://") ? String(path.dropFirst(5)) : path
        let folder = URL(fileURLWithPath: document).deletingLastPathComponent()
        return URL(fileURLWithPath: plain, relativeTo: folder).standardizedFileURL.path
    }

    private static func readRequestSettings(_ document: YAMLMapping) -> RequestSettingsResource {
        let settings = document.object(
            "request_settings",
            known: ["request_timeout_ms", "max_concurrent_requests_per_instance", "max_queue_wait_ms"]
        )
        return RequestSettingsResource(
            requestTimeoutMs: settings?.integer("request_timeout_ms", in: 1...86_400_000),
            maxConcurrentRequestsPerInstance: settings?.integer(
                "max_concurrent_requests_per_instance",
                in: 1...100_000
            ),
            maxQueueWaitMs: settings?.integer("max_queue_wait_ms", in: 0...600_000)
        )
    }

    private static func refuseWhatIsNotBuilt(_ document: YAMLMapping) {
        if document.word("type", of: ["managed", "kubernetes"]) == "kubernetes" {
            document.refuse("type", "kubernetes deployments are not supported", hint: "use managed")
        }
        let scaling = document.object(
            "scale_settings",
            known: ["type"],
            notBuilt: ["min_instances", "max_instances", "polling_interval", "target_utilization_percentage"]
        )
        if scaling?.word("type", of: ["default", "target_utilization"]) == "target_utilization" {
            scaling?.refuse("type", "target_utilization is not built yet", hint: "use default")
        }
    }

    private static func readCollector(_ document: YAMLMapping, into deployment: inout DeploymentResource) {
        guard let collected = document.dataCollector("data_collector") else { return }
        guard deployment.capture == nil else {
            return document.refuse("data_collector", "stands beside gatehouse.capture", hint: "keep one of the two")
        }
        deployment.capture = collected
    }

    private static func warnOfWhatHasNoMeaning(_ document: YAMLMapping) {
        let scoring = document.scoringRoute("environment")
        if !document.hasProbeRoutes("environment"), scoring == nil {
            document.warn("environment", "nothing of it is run: it only helps to find what serves and probes this")
        }
        if let scoring, !PathRewrite.isScoringRoute(scoring) {
            document.warn("environment", PathRewrite.scoringAdvice(scoring))
        }
        if document.hasPorts("environment") {
            let message = "the ports of inference_config have no meaning here: those of the upstream's urls count"
            document.warn("environment", message)
        }
        warnOfWhatWorkersDoNot(document)
        _ = document.object("code_configuration", known: ["code", "scoring_script"])
        for key in ["code_configuration", "model_mount_path"] {
            document.warn(key, "has no meaning here: nothing of it is run")
        }
        if let count = document.integer("instance_count", in: 0...1_000_000), count != 1 {
            document.warn(
                "instance_count",
                "has no meaning here: an upstream's instances are its urls, the pool's are native.min_instances and max_instances"
            )
        }
        if document.boolean("app_insights_enabled") == true {
            document.warn("app_insights_enabled", "has no meaning here: every request has a receipt")
        }
    }

    /// What has no meaning where the document says that the pool runs the model.
    private static func warnOfWhatWorkersDoNot(_ document: YAMLMapping) {
        guard document["gatehouse"]?.node.mapping?["native"] != nil else { return }
        let probe = document["readiness_probe"]?.node.mapping
        if probe?["timeout"] != nil || probe?["success_threshold"] != nil {
            let message = "timeout and success_threshold have no meaning here: a worker says itself when it is ready"
            document.warn("readiness_probe", message)
        }
        if document.hasProbeRoutes("environment") || document.scoringRoute("environment") != nil {
            document.warn("environment", "inference_config has no meaning here: a worker has routes of its own")
        }
    }
}
