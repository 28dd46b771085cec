import GatewayCore

/// What is wrong with a rule of what is kept for review.
enum CaptureCheck {
    private static let mostEntries = 100
    private static let longestPattern = 1024

    static func check(_ rule: CaptureRule?, in findings: inout Findings) {
        guard let rule else { return }
        for (field, rate) in [("capture.samplingRate", rule.samplingRate)]
            + rule.collections.map({ ("capture.collections.\($0.name)", $0.samplingRate) })
        where !(0...1).contains(rate) {
            findings.note(.invalidValue, field, "must be 0 to 1")
        }
        if !(0...CaptureRule.longestBody).contains(rule.bodyLimit) {
            findings.note(.invalidValue, "capture.bodyLimit", "must be 0 to \(CaptureRule.longestBody) bytes")
        }
        if !rule.keepsRequest, !rule.keepsResponse {
            findings.note(.invalidValue, "capture.parts", "is empty; name request, response or both")
        }
        if let milliseconds = rule.only.slowerThan, !(0...86_400_000).contains(milliseconds) {
            findings.note(.invalidValue, "capture.only.slowerThanMs", "must be 0 to 86400000")
        }
        findings.checkList(rule.only.callers, "capture.only.callers", atMost: mostEntries)
        check([rule.only.header?.name].compactMap(\.self), "capture.only.header.name", in: &findings)
        check(rule.headers ?? [], "capture.headers", in: &findings)
        check(rule.redaction, in: &findings)
        check(rule.collections, in: &findings)
    }

    private static func check(_ collections: [CaptureCollection], in findings: inout Findings) {
        findings.checkList(collections.map(\.name), "capture.collections", atMost: mostEntries)
        for collection in collections where collection.half == nil {
            let known = CaptureCollection.known.joined(separator: ", ")
            let message = "'\(TextRule.printable(collection.name))' is not one of \(known)"
            findings.note(.invalidValue, "capture.collections", message)
        }
    }

    private static func check(_ names: [String], _ field: String, in findings: inout Findings) {
        findings.checkList(names, field, atMost: mostEntries)
        for name in names where !TextRule.isToken(name) {
            findings.note(.invalidValue, field, "'\(TextRule.printable(name))' is not the name of a header")
        }
    }

    private static func check(_ rule: RedactionRule, in findings: inout Findings) {
        check(rule.headers, "capture.redact.headers", in: &findings)
        findings.checkList(rule.paths, "capture.redact.paths", atMost: mostEntries)
        for path in rule.paths where JSONRedaction.steps(path) == nil {
            let message = "'\(TextRule.printable(path))' is no path; write user.email, messages[*].content or **.email"
            findings.note(.invalidValue, "capture.redact.paths", message)
        }
        findings.checkList(rule.expressions.map(\.name), "capture.redact.expressions", atMost: mostEntries)
        for expression in rule.expressions {
            let field = "capture.redact.expressions.\(TextRule.printable(expression.name))"
            if expression.name.isEmpty || expression.name.utf8.count > 32 || !TextRule.isToken(expression.name) {
                findings.note(.invalidValue, field, "must have a name of 1 to 32 letters, digits, - and _")
            }
            guard expression.pattern.utf8.count <= longestPattern else {
                findings.note(.invalidValue, field, "is longer than \(longestPattern) bytes")
                continue
            }
            if let problem = TextPatterns.problem(of: expression.pattern) {
                findings.note(.invalidValue, field, problem)
            }
        }
    }
}
