import GatewayCore

/// What is wrong with how an endpoint may be called.
enum EndpointAccessCheck {
    static func check(_ endpoint: EndpointDefinition, in findings: inout Findings) {
        checkModes(endpoint, in: &findings)
        RulesCheck(allowsByAddress: true).check(endpoint.rules, in: &findings)
        CORSCheck.check(endpoint.cors, in: &findings)
        CaptureCheck.check(endpoint.capture, in: &findings)
        findings.checkNetworks(endpoint.allowedNetworks, "allowedNetworks")
        if let maintenance = endpoint.maintenance { check(maintenance, in: &findings) }
        guard let rule = endpoint.keyRotation else { return }
        if !RotationRule.range.contains(rule.every) {
            findings.note(.invalidRotation, "keyRotation.every", "must be one minute to ten years")
        } else if !(0...rule.every).contains(rule.overlap) {
            let message = "must be 0 to the time between rotations, \(rule.every) seconds"
            findings.note(.invalidRotation, "keyRotation.overlap", message)
        }
    }

    private static func checkModes(_ endpoint: EndpointDefinition, in findings: inout Findings) {
        let modes = endpoint.authModes
        if modes.isEmpty { findings.note(.invalidAuthMode, "authModes", "is empty; use key, aad_token or aml_token") }
        if modes.contains(.none), modes.count > 1 {
            let message = "none stands alone: with it nobody needs any of the others; take it or them away"
            findings.note(.invalidAuthMode, "authModes", message)
        }
        if modes.contains(.none), !endpoint.isPublic {
            let message = "none lets everybody call; say public: true if that is meant"
            findings.note(.invalidAuthMode, "authModes", message)
        }
        if endpoint.isPublic, !modes.contains(.none) {
            let message = "is for endpoints with auth mode none; use that mode, or take public away"
            findings.note(.invalidAuthMode, "public", message)
        }
        let isBounded = endpoint.rules.limits.contains { $0.isByAddress && !$0.isWarnOnly }
        if endpoint.isPublic || modes.contains(.none), !isBounded {
            let message = "a public endpoint needs a limit by client address, for instance 60 requests per minute"
            findings.note(.invalidLimit, "rateLimits", message)
        }
    }

    private static func check(_ maintenance: Maintenance, in findings: inout Findings) {
        if !TextRule.isReadable(maintenance.message, atMost: 500) {
            let message = "must be 1 to 500 characters without control characters"
            findings.note(.invalidMaintenance, "maintenance.message", message)
        }
        if !(1...86_400).contains(maintenance.retryAfter) {
            findings.note(.invalidMaintenance, "maintenance.retryAfter", "must be 1 to 86400 seconds (one day)")
        }
    }
}
