import GatewayAPI
import GatewayCore
import Yams

/// What serves a deployment: the `gatehouse.upstream` or `gatehouse.native` part of its document, if it has one.
extension DeploymentDocument {
    static func readServing(_ document: YAMLMapping, into deployment: inout DeploymentResource) {
        guard
            let ours = document.object(
                "gatehouse",
                known: ["tenant", "upstream", "native", "rate_limits", "quotas", "price", "capture"],
                notBuilt: ["fallback"]
            )
        else { return }
        deployment.tenant = ours.tenantName("tenant") ?? ""
        deployment.limits = ours.limits("rate_limits")
        deployment.quotas = ours.quotas("quotas")
        deployment.price = ours.price("price")
        deployment.capture = ours.capture("capture")
        switch (ours["upstream"], ours["native"]) {
        case (.some, nil): deployment.upstream = readUpstream(ours, probe: deployment.environment?.probe)
        case (nil, .some): deployment.native = readNative(ours, model: deployment.model ?? deployment.modelSource?.path)
        case (.some, .some): ours.refuse("native", "stands beside upstream", hint: "keep one of the two")
        // Then the gateway chooses, by what else the document says.
        case (nil, nil): break
        }
    }

    /// - Parameter probe: where the environment says that its server answers probes.
    static func readUpstream(_ ours: YAMLMapping, probe: ProbePathsResource? = nil) -> UpstreamResource? {
        guard
            let upstream = ours.object(
                "upstream",
                known: ["urls", "model", "headers", "ca", "probe", "path", "remove_headers"],
                notBuilt: ["retries", "proxy"]
            )
        else { return nil }
        guard let urls = upstream.strings("urls"), !urls.isEmpty else {
            if upstream["urls"] == nil || upstream.strings("urls") != nil {
                upstream.refuse("urls", "is required", hint: "write urls: [http://127.0.0.1:9000]")
            }
            return nil
        }
        for url in urls {
            if case .failure(let problem) = InstanceAddress.parse(url) {
                upstream.refuse("urls", "\(url.debugDescription) \(problem.reason)")
            }
        }
        return UpstreamResource(
            urls: urls,
            model: upstream.string("model"),
            headers: upstream.stringMap("headers"),
            ca: upstream.string("ca"),
            probe: upstream.probePaths("probe") ?? probe,
            path: readPath(upstream),
            removeHeaders: upstream.strings("remove_headers") ?? []
        )
    }

    private static func readPath(_ upstream: YAMLMapping) -> PathResource? {
        guard let path = upstream.object("path", known: ["strip_prefix", "add_prefix"]) else { return nil }
        let prefixes = ["strip_prefix", "add_prefix"]
        for key in prefixes {
            guard let prefix = path.string(key), !prefix.hasPrefix("/") || prefix.hasSuffix("/") else { continue }
            path.refuse(key, "\(prefix.debugDescription) is not a prefix", hint: "write /v1: a slash first, none last")
        }
        if prefixes.allSatisfy({ path[$0] == nil }) {
            upstream.refuse("path", "says nothing", hint: "write strip_prefix or add_prefix")
        }
        return PathResource(stripPrefix: path.string("strip_prefix"), addPrefix: path.string("add_prefix"))
    }

    private static func readContext(_ native: YAMLMapping) -> Int? {
        let range = NativeDefinition.contextRange
        guard let context = native.integer("context", in: 0...range.upperBound) else { return nil }
        if context == 0 || range.contains(context) { return context }
        let hint = "write 0 for the model's own, or at least \(range.lowerBound)"
        native.refuse("context", "\(context) is out of range", hint: hint)
        return nil
    }

    static func readNative(_ ours: YAMLMapping, model: String?) -> NativeResource? {
        guard
            let native = ours.object(
                "native",
                known: [
                    "engine", "slots", "context", "threads", "min_instances", "max_instances", "idle_seconds",
                    "target_requests", "start_seconds", "memory_mb",
                ],
                notBuilt: ["devices"]
            )
        else { return nil }
        if model == nil {
            native.refuse("engine", "a native deployment needs a model", hint: "add model: azureml:name@latest")
        }
        var resource = NativeResource(
            engine: native.word("engine", of: ["llama"]),
            slots: native.integer("slots", in: NativeDefinition.slotRange),
            context: readContext(native),
            threads: native.integer("threads", in: NativeDefinition.threadRange)
        )
        readScale(native, into: &resource)
        resource.startSeconds = native.integer("start_seconds", in: NativeDefinition.startRange)
        resource.memoryMb = native.integer("memory_mb", in: NativeDefinition.memoryRange)
        return resource
    }

    private static func readScale(_ native: YAMLMapping, into resource: inout NativeResource) {
        resource.minInstances = native.integer("min_instances", in: InstanceScale.leastRange)
        resource.maxInstances = native.integer("max_instances", in: InstanceScale.mostRange)
        resource.idleSeconds = native.integer("idle_seconds", in: InstanceScale.idleRange)
        resource.targetRequests = native.integer("target_requests", in: InstanceScale.targetRange)
        guard let most = resource.maxInstances, most < resource.minInstances ?? 1 else { return }
        native.refuse("max_instances", "\(most) is less than min_instances", hint: "write as many or more")
    }
}
