import GatewayCore

/// What is wrong with how an upstream's requests are changed on their way.
enum UpstreamRequestCheck {
    private static let mostHeaders = 32

    static func check(_ upstream: UpstreamDefinition, in findings: inout Findings) {
        findings.checkList(
            upstream.removedHeaders.map { $0.lowercased() },
            "upstream.removeHeaders",
            atMost: mostHeaders
        )
        for name in upstream.removedHeaders {
            guard let problem = HeaderRule.problem(ofName: name) else { continue }
            findings.note(.invalidHeader, "upstream.removeHeaders", problem)
        }
        guard let path = upstream.path else { return }
        if path.stripPrefix.isEmpty, path.addPrefix.isEmpty {
            findings.note(.invalidValue, "upstream.path", "says neither stripPrefix nor addPrefix; name one")
        }
        for (field, prefix) in [("stripPrefix", path.stripPrefix), ("addPrefix", path.addPrefix)]
        where !prefix.isEmpty && !PathRewrite.isPrefix(prefix) {
            let message = "\(prefix.debugDescription) must begin with /, must not end in one, and hold no ?, # or .."
            findings.note(.invalidValue, "upstream.path.\(field)", message)
        }
    }
}
