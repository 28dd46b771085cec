import GatewayCore
import NIOHTTP1

/// What the response headers say of the limits: the same decision that let the request pass or refused it.
///
/// Every header has room for one limit and tells of the tightest: OpenAI's names of its kind, `RateLimit` and
/// `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers) of all that have a window. They stand on every answer, and as
/// texts in a list of headers they cost more than the limits themselves: over HTTP/1.1 they are written as bytes.
enum LimitHeaders {
    /// Appends the lines of an HTTP/1.1 head.
    static func write(_ limits: LimitSource, into bytes: inout [UInt8]) {
        let warnings = limits.warnings
        bytes.append(addingCapacity: room + warnings.reduce(longestName) { $0 + $1.utf8.count + 2 }) { lines in
            limits.forEach { family, entry in
                tell(family, entry) { name, value in
                    lines.append(name)
                    value.append(to: &lines)
                    lines.appendLineEnd()
                }
            }
            if !warnings.isEmpty {
                lines.append(warning)
                LimitHeaderValue.words(warnings).append(to: &lines)
                lines.appendLineEnd()
            }
        }
    }

    static func add(_ limits: LimitSource, to headers: inout HTTPHeaders) {
        func add(_ name: StaticString, _ value: LimitHeaderValue) {
            headers.add(name: String(name.description.dropLast(2)), value: value.text)
        }
        limits.forEach { family, entry in tell(family, entry, add) }
        let warnings = limits.warnings
        if !warnings.isEmpty { add(warning, .words(warnings)) }
    }

    /// What the lines may take, warnings aside: eight of names and numbers, two of them with a policy too.
    private static let room =
        8 * (longestName + 2 * OutputSpan<UInt8>.longestDecimal) + 2 * RuleWords.longestDescription
    /// With what stands around a value.
    private static let longestName = 36
    private static let warning: StaticString = "x-gatehouse-limit-warning: "

    /// Every name as it begins a line.
    @inline(__always)
    private static func tell(
        _ family: LimitReport.Family,
        _ entry: LimitReport.Entry,
        _ body: (StaticString, LimitHeaderValue) -> Void
    ) {
        switch family {
        case .requests:
            body("x-ratelimit-limit-requests: ", .text(entry.words.limit))
            body("x-ratelimit-remaining-requests: ", .number(entry.remaining))
            body("x-ratelimit-reset-requests: ", .duration(entry.resetAfter))
        case .tokens:
            body("x-ratelimit-limit-tokens: ", .text(entry.words.limit))
            body("x-ratelimit-remaining-tokens: ", .number(entry.remaining))
            body("x-ratelimit-reset-tokens: ", .duration(entry.resetAfter))
        case .timed:
            body("ratelimit-policy: ", .policy(entry))
            body("ratelimit: ", .state(entry))
        }
    }
}

/// One of these headers' values, as bytes.
enum LimitHeaderValue {
    case text(String)
    case number(Int64)
    /// Nanoseconds, in OpenAI's spelling: `20ms`, `1.5s`, `6m0s`, `1h0m0s`.
    case duration(Int64)
    /// Of `RateLimit-Policy`: what the limit is.
    case policy(LimitReport.Entry)
    /// Of `RateLimit`: how it stands.
    case state(LimitReport.Entry)
    case words([String])

    /// How many bytes it may take.
    var room: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .number, .duration: 2 * OutputSpan<UInt8>.longestDecimal
        case .policy(let entry), .state(let entry):
            entry.words.description.utf8.count + 2 * OutputSpan<UInt8>.longestDecimal + 8
        case .words(let words): words.reduce(0) { $0 + $1.utf8.count + 2 }
        }
    }

    var text: String { String(decoding: [UInt8](capacity: room) { append(to: &$0) }, as: UTF8.self) }

    @inline(__always)
    func append(to line: inout OutputSpan<UInt8>) {
        switch self {
        case .text(let text): line.append(text)
        case .number(let number): line.append(decimal: number)
        case .duration(let nanoseconds): Self.append(duration: nanoseconds, to: &line)
        case .policy(let entry):
            line.append(entry.words.description)
            if entry.words.window == nil { line.append(decimal: entry.window ?? 0) }
        case .state(let entry):
            line.append(entry.words.quotedPolicy)
            line.append(";r=" as StaticString)
            line.append(decimal: entry.remaining)
            line.append(";t=" as StaticString)
            line.append(decimal: (entry.resetAfter + 999_999_999) / 1_000_000_000)
        case .words(let words): line.append(words.joined(separator: ", "))
        }
    }

    private static func append(duration nanoseconds: Int64, to line: inout OutputSpan<UInt8>) {
        let milliseconds = (max(0, nanoseconds) + 999_999) / 1_000_000
        if milliseconds < 1000 {
            line.append(decimal: milliseconds)
            line.append(UInt8(ascii: "m"))
            line.append(UInt8(ascii: "s"))
            return
        }
        if milliseconds < 60_000 { return append(seconds: milliseconds, to: &line) }
        let whole = (milliseconds + 999) / 1000
        if whole >= 3600 {
            line.append(decimal: whole / 3600)
            line.append(UInt8(ascii: "h"))
        }
        line.append(decimal: whole / 60 % 60)
        line.append(UInt8(ascii: "m"))
        line.append(decimal: whole % 60)
        line.append(UInt8(ascii: "s"))
    }

    /// Whole seconds, or as many decimals as there are.
    private static func append(seconds milliseconds: Int64, to line: inout OutputSpan<UInt8>) {
        line.append(decimal: milliseconds / 1000)
        var rest = milliseconds % 1000
        if rest > 0 { line.append(UInt8(ascii: ".")) }
        while rest > 0 {
            line.append(UInt8(ascii: "0") + UInt8(rest / 100))
            rest = rest % 100 * 10
        }
        line.append(UInt8(ascii: "s"))
    }
}
