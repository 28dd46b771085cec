import GatewayAPI
import GatewayCore

/// Where the server of an environment answers; the ports of its `inferenceConfig` do not count, an upstream's URL has one.
struct InferenceRoutes: Sendable, Equatable {
    /// Counted from the root of the host.
    var probe = ProbePaths()
    /// What callers send to `/score` goes there; `nil` = to `/score`.
    var scoring: PathRewrite?

    init() {}

    /// As Azure's clients registered it.
    init(_ inferenceConfig: ARMValue?) {
        func path(_ route: String) -> String? { inferenceConfig?[route]?["path"]?.text }
        probe = ProbePaths(liveness: path("livenessRoute"), readiness: path("readinessRoute"))
        scoring = PathRewrite(scoringRoute: path("scoringRoute"))
    }

    /// As a document says it.
    init(_ environment: EnvironmentResource) {
        probe = ProbePaths(environment.probe)
        scoring = PathRewrite(scoringRoute: environment.scoring)
    }
}

extension Serving {
    /// Probes an upstream, and sends requests, where its environment says, unless it says so itself.
    mutating func take(_ routes: InferenceRoutes) {
        guard case .upstream(var upstream) = self else { return }
        if upstream.probe == ProbePaths() { upstream.probe = routes.probe }
        if upstream.path == nil { upstream.path = routes.scoring }
        self = .upstream(upstream)
    }
}
