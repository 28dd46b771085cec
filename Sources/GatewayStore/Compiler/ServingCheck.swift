import GatewayCore

/// What is wrong with request settings and probes.
struct ServingCheck {
    /// Seconds that a probe may wait.
    let longestProbe: Int

    func check(_ deployment: DeploymentDefinition, in findings: inout Findings) {
        let settings = deployment.settings
        if let limit = settings.maxConcurrent, !(1...100_000).contains(limit) {
            let field = "requestSettings.maxConcurrentRequestsPerInstance"
            findings.note(.invalidValue, field, "must be 1 to 100000; leave it out for no cap on upstreams")
        }
        if let wait = settings.queueWaitMilliseconds, !(0...600_000).contains(wait) {
            findings.note(.invalidValue, "requestSettings.maxQueueWaitMs", "must be 0 to 600000 milliseconds")
        }
        check(deployment.liveness, "livenessProbe", in: &findings)
        check(deployment.readiness, "readinessProbe", in: &findings)
        guard case .upstream(let upstream) = deployment.serving else { return }
        check(upstream.probe.liveness, "upstream.probe.liveness", in: &findings)
        check(upstream.probe.readiness, "upstream.probe.readiness", in: &findings)
    }

    private func check(_ probe: ProbeSettings?, _ field: String, in findings: inout Findings) {
        guard let probe else { return }
        let numbers: [(String, Int, ClosedRange<Int>)] = [
            ("initialDelay", probe.initialDelay, 0...86_400), ("period", probe.period, 1...86_400),
            ("timeout", probe.timeout, 1...longestProbe), ("successThreshold", probe.successThreshold, 1...1000),
            ("failureThreshold", probe.failureThreshold, 1...1000),
        ]
        for (name, value, range) in numbers where !range.contains(value) {
            let message = "is \(value) and must be \(range.lowerBound) to \(range.upperBound)"
            findings.note(.invalidValue, "\(field).\(name)", message)
        }
    }

    private func check(_ path: String?, _ field: String, in findings: inout Findings) {
        guard let path else { return }
        let isVisible = path.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "#") }
        guard path.hasPrefix("/"), isVisible, path.utf8.count <= 1024 else {
            let message = "must be a path from the root of the host, such as /health, of at most 1024 characters"
            return findings.note(.invalidValue, field, message)
        }
    }
}
