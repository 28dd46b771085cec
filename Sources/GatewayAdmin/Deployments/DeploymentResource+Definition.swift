package import GatewayAPI
package import GatewayCore

extension DeploymentDefinition {
    /// What a wire resource describes; names, URLs and the model's existence are the store's to judge.
    package init(_ resource: DeploymentResource) throws(APIError) {
        try self.init(resource, serving: try Serving(resource))
    }

    /// - Parameter serving: what serves it, whatever the resource says.
    init(_ resource: DeploymentResource, serving: Serving) throws(APIError) {
        let timeout = resource.requestSettings.requestTimeoutMs
        if let timeout, !(1...86_400_000).contains(timeout) {
            throw APIError(
                .invalid,
                "requestTimeoutMs \(timeout) is out of range; it must be 1 to 86400000",
                target: "requestSettings.requestTimeoutMs"
            )
        }
        let egress = resource.egressPublicNetworkAccess.lowercased()
        guard ["enabled", "disabled"].contains(egress) else {
            let message = "egressPublicNetworkAccess must be enabled or disabled"
            throw APIError(.invalid, message, target: "egressPublicNetworkAccess")
        }
        self.init(
            tenant: resource.tenant,
            endpoint: resource.endpoint,
            name: resource.name,
            description: resource.description,
            serving: serving,
            settings: RequestSettings(
                timeoutMilliseconds: timeout,
                maxConcurrent: resource.requestSettings.maxConcurrentRequestsPerInstance,
                queueWaitMilliseconds: resource.requestSettings.maxQueueWaitMs
            ),
            model: try Self.reference(resource.model),
            instanceType: resource.instanceType,
            environmentVariables: resource.environmentVariables,
            tags: resource.tags,
            properties: resource.properties,
            rules: try UsageRules(limits: resource.limits, quotas: resource.quotas),
            price: resource.price.map(Price.init),
            liveness: resource.livenessProbe.map(ProbeSettings.init),
            readiness: resource.readinessProbe.map(ProbeSettings.init),
            isEgressPrivate: egress == "disabled",
            capture: try resource.capture.map { capture throws(APIError) in try CaptureRule(capture) }
        )
    }

    private static func reference(_ text: String?) throws(APIError) -> ModelReference? {
        guard let text else { return nil }
        if let reference = ModelReference(text) { return reference }
        throw APIError(
            .invalid,
            "\(text.debugDescription) is not a reference to a model; write azureml:name:version or azureml:name@latest",
            target: "model"
        )
    }
}

extension Serving {
    fileprivate init(_ resource: DeploymentResource) throws(APIError) {
        switch (resource.upstream, resource.native) {
        case (let upstream?, nil):
            let headers = upstream.headers.sorted { $0.key < $1.key }.map {
                UpstreamHeader(name: $0.key, value: $0.value)
            }
            self = .upstream(
                UpstreamDefinition(
                    urls: upstream.urls,
                    model: upstream.model,
                    headers: headers,
                    certificateAuthority: upstream.ca,
                    probe: ProbePaths(upstream.probe),
                    path: upstream.path.map {
                        PathRewrite(stripPrefix: $0.stripPrefix ?? "", addPrefix: $0.addPrefix ?? "")
                    },
                    removedHeaders: upstream.removeHeaders
                )
            )
        case (nil, let native?): self = .native(try NativeDefinition(native))
        case (nil, nil), (_?, _?):
            throw APIError(.invalid, "a deployment needs exactly one of upstream and native", target: "upstream")
        }
    }
}

extension NativeDefinition {
    fileprivate init(_ resource: NativeResource) throws(APIError) {
        let standard = NativeDefinition()
        self.init(
            engine: resource.engine ?? standard.engine,
            slots: resource.slots ?? standard.slots,
            context: resource.context ?? standard.context,
            threads: resource.threads ?? standard.threads
        )
        scale = InstanceScale(
            least: resource.minInstances ?? standard.scale.least,
            most: resource.maxInstances,
            idleSeconds: resource.idleSeconds ?? standard.scale.idleSeconds,
            targetRequests: resource.targetRequests
        )
        startSeconds = resource.startSeconds ?? standard.startSeconds
        memoryMegabytes = resource.memoryMb
        guard engine == standard.engine else {
            throw APIError(
                .invalid,
                "the engine \(engine.debugDescription) is not built yet; use llama",
                target: "native.engine"
            )
        }
    }
}

extension DeploymentResource {
    init(_ deployment: DeploymentDefinition) {
        self.init(
            tenant: deployment.tenant,
            endpoint: deployment.endpoint,
            name: deployment.name,
            description: deployment.description,
            model: deployment.model?.text,
            instanceType: deployment.instanceType,
            environmentVariables: deployment.environmentVariables,
            tags: deployment.tags,
            properties: deployment.properties,
            requestSettings: RequestSettingsResource(
                requestTimeoutMs: deployment.settings.timeoutMilliseconds,
                maxConcurrentRequestsPerInstance: deployment.settings.maxConcurrent,
                maxQueueWaitMs: deployment.settings.queueWaitMilliseconds
            )
        )
        livenessProbe = deployment.liveness.map(ProbeResource.init)
        readinessProbe = deployment.readiness.map(ProbeResource.init)
        limits = deployment.rules.limitResources
        quotas = deployment.rules.quotaResources
        price = deployment.price.map(PriceResource.init)
        egressPublicNetworkAccess = deployment.isEgressPrivate ? "disabled" : "enabled"
        capture = deployment.capture.map(CaptureResource.init)
        switch deployment.serving {
        case .upstream(let upstream):
            self.upstream = UpstreamResource(
                urls: upstream.urls,
                model: upstream.model,
                headers: Dictionary(
                    upstream.headers.map { ($0.name, $0.value) },
                    uniquingKeysWith: { first, _ in first }
                ),
                ca: upstream.certificateAuthority,
                probe: ProbePathsResource(upstream.probe),
                path: upstream.path.map(PathResource.init),
                removeHeaders: upstream.removedHeaders
            )
        case .native(let native):
            self.native = NativeResource(native)
        }
    }
}

extension NativeResource {
    fileprivate init(_ native: NativeDefinition) {
        self.init(engine: native.engine, slots: native.slots, context: native.context, threads: native.threads)
        minInstances = native.scale.least
        maxInstances = native.scale.most
        idleSeconds = native.scale.idleSeconds
        targetRequests = native.scale.targetRequests
        startSeconds = native.startSeconds
        memoryMb = native.memoryMegabytes
    }
}

extension PathResource {
    fileprivate init(_ rewrite: PathRewrite) {
        self.init(
            stripPrefix: rewrite.stripPrefix.isEmpty ? nil : rewrite.stripPrefix,
            addPrefix: rewrite.addPrefix.isEmpty ? nil : rewrite.addPrefix
        )
    }
}
