package import GatewayAPI
package import GatewayCore

extension ProbeSettings {
    /// What is left out is Azure's default.
    package init(_ resource: ProbeResource) {
        let standard = ProbeSettings()
        self.init(
            initialDelay: resource.initialDelay ?? standard.initialDelay,
            period: resource.period ?? standard.period,
            timeout: resource.timeout ?? standard.timeout,
            successThreshold: resource.successThreshold ?? standard.successThreshold,
            failureThreshold: resource.failureThreshold ?? standard.failureThreshold
        )
    }
}

extension ProbeResource {
    package init(_ settings: ProbeSettings) {
        self.init(
            initialDelay: settings.initialDelay,
            period: settings.period,
            timeout: settings.timeout,
            successThreshold: settings.successThreshold,
            failureThreshold: settings.failureThreshold
        )
    }
}

extension ProbePathsResource {
    /// `nil` when every probe is a connect.
    init?(_ paths: ProbePaths) {
        guard paths != ProbePaths() else { return nil }
        self.init(liveness: paths.liveness, readiness: paths.readiness)
    }
}

extension ProbePaths {
    init(_ resource: ProbePathsResource?) {
        self.init(liveness: resource?.liveness, readiness: resource?.readiness)
    }
}

extension FallbackDefinition {
    package init(_ resource: FallbackResource) {
        self.init(
            resource.to,
            statuses: resource.statuses ?? Self.defaultStatuses,
            allowsOtherModel: resource.allowOtherModel
        )
    }
}

extension FallbackResource {
    package init(_ fallback: FallbackDefinition) {
        self.init(
            to: fallback.deployments,
            statuses: fallback.statuses,
            allowOtherModel: fallback.allowsOtherModel
        )
    }
}
