import GatewayAPI
import GatewayCore

extension CaptureRule {
    init(_ resource: CaptureResource) throws(APIError) {
        for part in resource.parts where part != "request" && part != "response" {
            throw APIError(
                .invalid,
                "\(part.debugDescription) is not one of request, response",
                target: "capture.parts"
            )
        }
        self.init(
            samplingRate: resource.samplingRate,
            keepsRequest: resource.parts.contains("request"),
            keepsResponse: resource.parts.contains("response"),
            bodyLimit: resource.bodyLimit,
            only: CaptureCondition(
                errors: resource.only?.errors ?? false,
                slowerThan: resource.only?.slowerThanMs,
                callers: resource.only?.callers ?? [],
                header: resource.only?.header.map { .init(name: $0.name.lowercased(), value: $0.value) }
            ),
            redaction: try RedactionRule(resource.redact ?? CaptureResource.Redaction()),
            headers: resource.headers?.map { $0.lowercased() },
            collections: resource.collections.map { CaptureCollection(name: $0.name, samplingRate: $0.samplingRate) }
        )
        takeCollections()
        rollingRate = try resource.rollingRate.map { text throws(APIError) in
            try RollingRate(text, "capture.rollingRate")
        }
    }
}

extension RollingRate {
    /// Whatever the letters' case.
    init(_ text: String, _ target: String) throws(APIError) {
        guard let rate = Self(rawValue: text.lowercased()) else {
            let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIError(.invalid, "\(text.debugDescription) is not one of \(known)", target: target)
        }
        self = rate
    }
}

extension RedactionRule {
    fileprivate init(_ resource: CaptureResource.Redaction) throws(APIError) {
        var patterns: [Pattern] = []
        for word in resource.patterns {
            guard let pattern = Pattern(rawValue: word) else {
                let known = Pattern.allCases.map(\.rawValue).joined(separator: ", ")
                let message = "\(word.debugDescription) is not one of \(known)"
                throw APIError(.invalid, message, target: "capture.redact.patterns")
            }
            patterns.append(pattern)
        }
        self.init(
            headers: resource.headers.map { $0.lowercased() },
            paths: resource.paths,
            patterns: patterns,
            expressions: resource.expressions.map { Expression(name: $0.name, pattern: $0.pattern) }
        )
    }
}

extension CaptureResource {
    init(_ rule: CaptureRule) {
        let only = rule.only
        let redaction = rule.redaction
        self.init(
            samplingRate: rule.samplingRate,
            parts: (rule.keepsRequest ? ["request"] : []) + (rule.keepsResponse ? ["response"] : []),
            bodyLimit: rule.bodyLimit,
            only: only == CaptureCondition()
                ? nil
                : Condition(
                    errors: only.errors,
                    slowerThanMs: only.slowerThan,
                    callers: only.callers,
                    header: only.header.map { .init(name: $0.name, value: $0.value) }
                ),
            headers: rule.headers,
            redact: redaction == RedactionRule()
                ? nil
                : Redaction(
                    headers: redaction.headers,
                    paths: redaction.paths,
                    patterns: redaction.patterns.map(\.rawValue),
                    expressions: redaction.expressions.map { .init(name: $0.name, pattern: $0.pattern) }
                ),
            collections: rule.collections.map { .init(name: $0.name, samplingRate: $0.samplingRate) },
            rollingRate: rule.rollingRate?.rawValue
        )
    }
}
