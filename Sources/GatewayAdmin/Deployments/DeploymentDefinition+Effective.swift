import GatewayAPI
import GatewayCore

extension DeploymentDefinition {
    /// Every value in force for this deployment, and whether it is the deployment's own or the default.
    var effectiveValues: [EffectiveValue] {
        var values = [
            EffectiveValue(
                setting: "request_timeout_ms",
                value: String(settings.timeoutMilliseconds ?? RequestSettings.defaultTimeoutMilliseconds),
                source: settings.timeoutMilliseconds == nil ? "default" : "deployment"
            ),
            EffectiveValue(setting: "event stream idle", value: "300 s", source: "default"),
        ]
        switch serving {
        case .upstream(let upstream):
            values += upstream.urls.map { EffectiveValue(setting: "instance", value: $0, source: "deployment") }
            values += upstream.headers.map {
                EffectiveValue(setting: "header", value: "\($0.name) (value not shown)", source: "deployment")
            }
            values.append(
                Self.optional("upstream model", upstream.model, otherwise: "the caller's")
            )
            values.append(
                Self.optional("certificate authority", upstream.certificateAuthority, otherwise: "the system's")
            )
            values += Self.values(ofRequestsTo: upstream)
        case .native(let native): values += Self.values(of: native)
        }
        if isEgressPrivate {
            values.append(
                EffectiveValue(setting: "egress_public_network_access", value: "disabled", source: "deployment")
            )
        }
        return values + servingValues + usageValues
    }

    private var servingValues: [EffectiveValue] {
        let limit = concurrencyLimit.map { settings.maxConcurrent == nil ? "\($0) (slots)" : String($0) }
        let wait = settings.queueWaitMilliseconds
        var values = [
            Self.value("max_concurrent_requests_per_instance", limit ?? "no cap", isOwn: settings.maxConcurrent != nil),
            Self.value(
                "max_queue_wait_ms",
                String(wait ?? RequestSettings.defaultQueueWaitMilliseconds),
                isOwn: wait != nil
            ),
        ]
        values += Self.values(of: liveness, "liveness_probe", otherwise: standardLiveness)
        guard case .upstream(let upstream) = serving else {
            // A worker says itself when it is ready: of its readiness probe only this is in force.
            let limit = "\(readinessDeadline / 1000) s"
            return values + [Self.value("time to become ready", limit, isOwn: readinessDeadline != 600_000)]
        }
        return values + Self.values(of: readiness, "readiness_probe") + [
            Self.optional("probe.liveness", upstream.probe.liveness, otherwise: "a TCP connect"),
            Self.optional("probe.readiness", upstream.probe.readiness, otherwise: "a TCP connect"),
        ]
    }

    /// - Parameter otherwise: what counts where the deployment has no such probe.
    private static func values(
        of probe: ProbeSettings?,
        _ name: String,
        otherwise: ProbeSettings = ProbeSettings()
    ) -> [EffectiveValue] {
        let settings = probe ?? otherwise
        let standard = ProbeSettings()
        let members: [(String, Int, Int)] = [
            ("initial_delay", settings.initialDelay, standard.initialDelay),
            ("period", settings.period, standard.period), ("timeout", settings.timeout, standard.timeout),
            ("success_threshold", settings.successThreshold, standard.successThreshold),
            ("failure_threshold", settings.failureThreshold, standard.failureThreshold),
        ]
        return members.map { value("\(name).\($0)", String($1), isOwn: probe != nil && $1 != $2) }
    }

    private static func value(_ setting: String, _ value: String, isOwn: Bool) -> EffectiveValue {
        EffectiveValue(setting: setting, value: value, source: isOwn ? "deployment" : "default")
    }

    private static func values(ofRequestsTo upstream: UpstreamDefinition) -> [EffectiveValue] {
        var values = upstream.removedHeaders.map {
            EffectiveValue(setting: "removed header", value: $0, source: "deployment")
        }
        for (setting, prefix) in [
            ("path strip_prefix", upstream.path?.stripPrefix), ("path add_prefix", upstream.path?.addPrefix),
        ] {
            guard let prefix, !prefix.isEmpty else { continue }
            values.append(EffectiveValue(setting: setting, value: prefix, source: "deployment"))
        }
        return values
    }

    private var usageValues: [EffectiveValue] {
        let limits = rules.limitResources.map { EffectiveValue(setting: "limit", value: $0.text, source: "deployment") }
        let quotas = rules.quotaResources.map { EffectiveValue(setting: "quota", value: $0.text, source: "deployment") }
        let price = price.map { price in
            [
                ("price per 1000 input tokens", price.perThousandInputTokens),
                ("price per 1000 output tokens", price.perThousandOutputTokens),
                ("price per request", price.perRequest),
            ].map {
                EffectiveValue(setting: $0, value: Money(millionths: $1).description, source: "deployment")
            }
        }
        return limits + quotas + (price ?? [EffectiveValue(setting: "price", value: "none", source: "default")])
    }

    /// A native definition keeps no trace of who chose a number: one that equals the default is called that.
    private static func values(of native: NativeDefinition) -> [EffectiveValue] {
        let standard = NativeDefinition()
        func value(_ setting: String, _ text: String, isDefault: Bool) -> EffectiveValue {
            EffectiveValue(setting: setting, value: text, source: isDefault ? "default" : "deployment")
        }
        return [
            value("engine", native.engine, isDefault: native.engine == standard.engine),
            value("slots", String(native.slots), isDefault: native.slots == standard.slots),
            value(
                "context",
                native.context == 0 ? "the model's" : String(native.context),
                isDefault: native.context == standard.context
            ),
            value(
                "threads",
                native.threads == 0 ? "this machine's" : String(native.threads),
                isDefault: native.threads == standard.threads
            ),
        ] + values(of: native.scale)
            + [
                value(
                    "memory_mb",
                    native.memoryMegabytes.map(String.init) ?? "no bound",
                    isDefault: native.memoryMegabytes == nil
                )
            ]
    }

    private static func values(of scale: InstanceScale) -> [EffectiveValue] {
        let standard = InstanceScale()
        return [
            value("min_instances", String(scale.least), isOwn: scale.least != standard.least),
            value("max_instances", String(scale.most), isOwn: scale.most != standard.most),
            value("idle_seconds", String(scale.idleSeconds), isOwn: scale.idleSeconds != standard.idleSeconds),
            value(
                "target_requests",
                scale.targetRequests.map(String.init) ?? "max_concurrent_requests_per_instance",
                isOwn: scale.targetRequests != nil
            ),
        ]
    }

    private static func optional(_ setting: String, _ value: String?, otherwise: String) -> EffectiveValue {
        EffectiveValue(setting: setting, value: value ?? otherwise, source: value == nil ? "default" : "deployment")
    }
}
