import GatewayAPI
import Yams

extension YAMLMapping {
    /// Which exchanges are kept for review; what the values may be the server judges.
    func capture(_ key: String) -> CaptureResource? {
        guard
            let ours = object(
                key,
                known: ["sampling_rate", "parts", "body_limit", "only", "headers", "redact"]
            )
        else { return nil }
        var capture = CaptureResource()
        if let rate = ours.number("sampling_rate", in: 0...1) { capture.samplingRate = rate }
        if let parts = ours.words("parts", of: ["request", "response"]) { capture.parts = parts }
        if let limit = ours.integer("body_limit", in: 0...65_536) { capture.bodyLimit = limit }
        capture.headers = ours.strings("headers")
        capture.only = ours.captureCondition("only")
        capture.redact = ours.redaction("redact")
        return capture
    }

    private func captureCondition(_ key: String) -> CaptureResource.Condition? {
        guard let only = object(key, known: ["errors", "slower_than_ms", "callers", "header"]) else { return nil }
        var condition = CaptureResource.Condition(
            errors: only.boolean("errors") ?? false,
            slowerThanMs: only.integer("slower_than_ms", in: 0...86_400_000),
            callers: only.strings("callers") ?? []
        )
        if let header = only.object("header", known: ["name", "value"]), let name = header.requiredString("name") {
            condition.header = .init(name: name, value: header.string("value"))
        }
        return condition
    }

    private func redaction(_ key: String) -> CaptureResource.Redaction? {
        guard let redact = object(key, known: ["headers", "json_paths", "patterns", "expressions"]) else { return nil }
        return CaptureResource.Redaction(
            headers: redact.strings("headers") ?? [],
            paths: redact.strings("json_paths") ?? [],
            patterns: redact.words("patterns", of: ["email", "card", "phone"]) ?? [],
            expressions: redact.stringMap("expressions").sorted { $0.key < $1.key }
                .map { .init(name: $0.key, pattern: $0.value) }
        )
    }
}
