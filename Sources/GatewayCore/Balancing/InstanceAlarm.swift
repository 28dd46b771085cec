/// An instance of an upstream deployment was taken out because it failed, or takes requests again.
package struct InstanceAlarm: Sendable, Equatable {
    /// What took it out.
    package enum Cause: String, Sendable {
        case livenessProbe = "liveness-probe"
        /// Requests that failed, not a probe.
        case circuitBreaker = "circuit-breaker"
    }

    package let tenant: String
    package let endpoint: String
    package let deployment: String
    /// Its URL, which never holds credentials.
    package let instance: String
    package let isBack: Bool
    /// What took it out, also where it is back.
    package let cause: Cause
    /// The probe's last answer or what became of requests, for people.
    package let detail: String
    /// Nanoseconds for which it has been out, or back.
    package let age: Int64

    package init(
        _ path: (tenant: String, endpoint: String, deployment: String),
        instance: String,
        isBack: Bool,
        cause: Cause,
        detail: String,
        age: Int64
    ) {
        (tenant, endpoint, deployment) = path
        self.instance = instance
        self.isBack = isBack
        self.cause = cause
        self.detail = detail
        self.age = age
    }
}
