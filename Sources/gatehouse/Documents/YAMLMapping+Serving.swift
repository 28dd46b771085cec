import GatewayAPI
import GatewayCore
import Yams

extension YAMLMapping {
    /// Azure's settings of a probe.
    func probe(_ key: String) -> ProbeResource? {
        let known = ["initial_delay", "period", "timeout", "success_threshold", "failure_threshold"]
        guard let probe = object(key, known: known) else { return nil }
        return ProbeResource(
            initialDelay: probe.integer("initial_delay", in: 0...86_400),
            period: probe.integer("period", in: 1...86_400),
            timeout: probe.integer("timeout", in: 1...ProbeSettings.longestTimeout),
            successThreshold: probe.integer("success_threshold", in: 1...1000),
            failureThreshold: probe.integer("failure_threshold", in: 1...1000)
        )
    }

    /// `{liveness: /health, readiness: /ready}`.
    func probePaths(_ key: String) -> ProbePathsResource? {
        guard let paths = object(key, known: ["liveness", "readiness"]) else { return nil }
        return ProbePathsResource(liveness: paths.path("liveness"), readiness: paths.path("readiness"))
    }

    /// Where the server of an environment answers probes, by its `inference_config`.
    private func probeRoutes() -> ProbePathsResource? {
        let kinds = ["liveness_route", "readiness_route", "scoring_route"]
        guard let routes = object("inference_config", known: kinds) else { return nil }
        let paths = kinds.map { routes.object($0, known: ["path", "port"])?.path("path") }
        guard routes["liveness_route"] != nil || routes["readiness_route"] != nil else { return nil }
        return ProbePathsResource(liveness: paths[0], readiness: paths[1])
    }

    private static let environmentKeys = [
        "$schema", "id", "name", "version", "description", "tags", "properties", "image", "build", "conda_file",
        "os_type", "inference_config", "datastore", "creation_context",
    ]

    /// A registered environment, or what the document says of its own.
    func environment(_ key: String) -> EnvironmentResource? {
        guard let member = self[key] else { return nil }
        if case .scalar = member.node { return string(key).map { EnvironmentResource(reference: $0) } }
        guard case .mapping = member.node else {
            refuse(key, "must be azureml:NAME:VERSION or a mapping")
            return nil
        }
        guard let environment = object(key, known: Self.environmentKeys) else { return nil }
        _ = environment.object("build", known: ["path", "dockerfile_path"])
        let name = environment.string("name").map { "\($0):\(environment.string("version") ?? "1")" }
        let image = environment.string("image")
        let scoring = scoringRoute(key).flatMap { PathRewrite.isScoringRoute($0) ? $0 : nil }
        return EnvironmentResource(name: name, image: image, probe: environment.probeRoutes(), scoring: scoring)
    }

    /// The path of an environment's server that `/score` leads to.
    func scoringRoute(_ key: String) -> String? {
        self[key]?.node.mapping?["inference_config"]?.mapping?["scoring_route"]?.mapping?["path"]?.string
    }

    /// Whether an environment's routes name ports.
    func hasPorts(_ key: String) -> Bool {
        let routes = self[key]?.node.mapping?["inference_config"]?.mapping
        return routes?.values.contains { $0.mapping?["port"] != nil } ?? false
    }

    /// Whether an environment says where its server answers probes.
    func hasProbeRoutes(_ key: String) -> Bool {
        guard let environment = self[key]?.node.mapping?["inference_config"]?.mapping else { return false }
        return environment["liveness_route"] != nil || environment["readiness_route"] != nil
    }

    /// `[green, local]`, or `{to: [green], statuses: [503], allow_other_model: true}`.
    func fallback(_ key: String) -> FallbackResource? {
        guard let member = self[key] else { return nil }
        if case .sequence = member.node { return strings(key).map { FallbackResource(to: $0) } }
        guard let fallback = object(key, known: ["to", "statuses", "allow_other_model"]) else { return nil }
        guard let names = fallback.strings("to") else {
            if fallback["to"] == nil { fallback.refuse("to", "is required", hint: "write to: [green, local]") }
            return nil
        }
        return FallbackResource(
            to: names,
            statuses: fallback.statuses("statuses"),
            allowOtherModel: fallback.boolean("allow_other_model") ?? false
        )
    }

    private func statuses(_ key: String) -> [Int]? {
        strings(key)?.compactMap { text in
            if let status = Int(text), (400...599).contains(status) { return status }
            refuse(key, "\(text) is not a status from 400 to 599")
            return nil
        }
    }

    /// A path from the root of a host.
    private func path(_ key: String) -> String? {
        guard let path = string(key) else { return nil }
        let isVisible = path.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "#") }
        if path.hasPrefix("/"), isVisible, path.utf8.count <= 1024 { return path }
        refuse(key, "\(path.debugDescription) is not a path", hint: "write one from the root, such as /health")
        return nil
    }
}
