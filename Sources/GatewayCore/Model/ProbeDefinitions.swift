/// How often an instance is asked whether it lives or is ready, and how many answers count; Azure's fields and defaults.
///
/// Spans are in whole seconds.
package struct ProbeSettings: Sendable, Equatable {
    /// Seconds: one that hangs holds a place among those that run.
    package static let longestTimeout = 60

    /// Of a worker that has no liveness probe of its own: one that hangs is found in half a minute.
    ///
    /// A worker is asked only once it has loaded its model, and answers on an event loop that computes nothing: one that is
    /// merely busy answers in milliseconds. From the last answer to the fourth failure 28 to 32 s pass.
    package static let ofWorkers = ProbeSettings(initialDelay: 0, period: 4, timeout: 4, failureThreshold: 4)

    /// Failures before this has passed since the first probe do not count.
    package var initialDelay: Int
    package var period: Int
    package var timeout: Int
    /// Successes in a row that put an instance back.
    package var successThreshold: Int
    /// Failures in a row that take it out.
    package var failureThreshold: Int

    package init(
        initialDelay: Int = 10,
        period: Int = 10,
        timeout: Int = 2,
        successThreshold: Int = 1,
        failureThreshold: Int = 30
    ) {
        self.initialDelay = initialDelay
        self.period = period
        self.timeout = timeout
        self.successThreshold = successThreshold
        self.failureThreshold = failureThreshold
    }
}

/// The paths that an upstream answers probes on: from the root of its host; `nil` = a TCP connect.
package struct ProbePaths: Sendable, Equatable {
    package var liveness: String?
    package var readiness: String?

    package init(liveness: String? = nil, readiness: String? = nil) {
        self.liveness = liveness
        self.readiness = readiness
    }
}

/// Everything that a deployment says about its probes, and what else they are sent with.
package struct ProbeRule: Sendable, Equatable {
    package var liveness: ProbeSettings
    package var readiness: ProbeSettings
    package var paths: ProbePaths
    /// What an instance answers to with these says nothing about others.
    package var headers: [UpstreamHeader]
    package var certificateAuthority: String?

    package init(
        liveness: ProbeSettings = ProbeSettings(),
        readiness: ProbeSettings = ProbeSettings(),
        paths: ProbePaths = ProbePaths(),
        headers: [UpstreamHeader] = [],
        certificateAuthority: String? = nil
    ) {
        self.liveness = liveness
        self.readiness = readiness
        self.paths = paths
        self.headers = headers
        self.certificateAuthority = certificateAuthority
    }
}
