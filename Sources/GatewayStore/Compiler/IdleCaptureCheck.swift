import GatewayCore

/// What a rule of captures names in vain: callers whom its endpoint can never have, and expressions that may find nothing.
///
/// Only what a change adds is looked at: a store that holds such a rule goes on.
struct IdleCaptureCheck {
    let previous: Definitions

    func problems(_ definitions: Definitions) -> [Problem] {
        let endpoints = Self.rules(previous.endpoints, path: \.path, rule: \.capture)
        let deployments = Self.rules(previous.deployments, path: \.path, rule: \.capture)
        return definitions.endpoints.flatMap {
            problems($0.path, $0.tenant, $0.path, $0.capture, endpoints[$0.path])
        }
            + definitions.deployments.flatMap {
                problems($0.path, $0.tenant, $0.endpointPath, $0.capture, deployments[$0.path])
            }
    }

    private static func rules<Definition>(
        _ definitions: [Definition],
        path: KeyPath<Definition, String>,
        rule: KeyPath<Definition, CaptureRule?>
    ) -> [String: CaptureRule] {
        let named = definitions.compactMap { definition in
            definition[keyPath: rule].map { (definition[keyPath: path], $0) }
        }
        return Dictionary(named, uniquingKeysWith: { first, _ in first })
    }

    private func problems(
        _ resource: String,
        _ tenant: String,
        _ endpoint: String,
        _ rule: CaptureRule?,
        _ stored: CaptureRule?
    ) -> [Problem] {
        guard let rule else { return [] }
        let callers = rule.only.callers == stored?.only.callers ? [] : rule.only.callers
        let strangers = callers.filter { !Self.isCaller($0, tenant, endpoint) }.map { caller in
            let forms = "\(endpoint)#primary, \(tenant)#KEY, \(tenant)@SUBJECT or anonymous"
            let message = "'\(TextRule.printable(caller))' is no caller of \(endpoint); write \(forms)"
            return Problem(.invalidValue, resource, field: "capture.only.callers", message)
        }
        let expressions = rule.redaction.expressions.filter { stored?.redaction.expressions.contains($0) != true }
        return strangers
            + expressions.filter { TextPatterns.mayBeEmpty($0.pattern) }.map { expression in
                let field = "capture.redact.expressions.\(TextRule.printable(expression.name))"
                let message = "may match an empty text: write what is to be taken out"
                return Problem(.invalidValue, resource, field: field, message)
            }
    }

    /// As `Caller.label` is made of keys, named keys and tokens; captures of a public endpoint are `anonymous`.
    private static func isCaller(_ text: String, _ tenant: String, _ endpoint: String) -> Bool {
        let slots = KeySlot.allCases.map { "\(endpoint)#\($0.rawValue)" }
        return (slots + [Caller.anonymousLabel]).contains(text)
            || ["\(tenant)#", "\(tenant)@"].contains { text.hasPrefix($0) && text != $0 }
    }
}
