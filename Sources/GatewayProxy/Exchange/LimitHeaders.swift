import GatewayCore
import NIOHTTP1

/// What the response headers say of the limits: the same decision that let the request pass or refused it.
///
/// Every header has room for one limit and tells of the tightest: OpenAI's names of its kind, `RateLimit` and
/// `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers) of all that have a window. They stand on every answer, and as
/// texts in a list of headers they cost more than the limits themselves: over HTTP/1.1 they are written as bytes.
enum LimitHeaders {
    /// Appends the lines of an HTTP/1.1 head.
    static func write(_ report: LimitReport, into bytes: inout [UInt8]) {
        bytes.append(addingCapacity: room(for: report)) { lines in
            forEach(report) { name, value in
                lines.append(name)
                value.append(to: &lines)
                lines.appendLineEnd()
            }
        }
    }

    /// What the lines may take: eight of names and numbers, two of them with a policy's name too, and the warnings.
    private static func room(for report: LimitReport) -> Int {
        let numbers = 8 * (longestName + 2 * OutputSpan<UInt8>.longestDecimal + 36)
        let warnings = report.warnings.reduce(longestName) { $0 + $1.utf8.count + 2 }
        return numbers + 2 * (report.timed?.words.quotedPolicy.utf8.count ?? 0) + warnings
    }

    /// With what stands around a value.
    private static let longestName = 36

    static func add(_ report: LimitReport, to headers: inout HTTPHeaders) {
        forEach(report) { name, value in
            headers.add(name: String(name.description.dropLast(2)), value: value.text)
        }
    }

    /// Every name as it begins a line.
    @inline(__always)
    private static func forEach(_ report: LimitReport, _ body: (StaticString, LimitHeaderValue) -> Void) {
        if let requests = report.requests {
            body("x-ratelimit-limit-requests: ", .text(requests.words.limit))
            body("x-ratelimit-remaining-requests: ", .number(requests.remaining))
            body("x-ratelimit-reset-requests: ", .duration(requests.resetAfter))
        }
        if let tokens = report.tokens {
            body("x-ratelimit-limit-tokens: ", .text(tokens.words.limit))
            body("x-ratelimit-remaining-tokens: ", .number(tokens.remaining))
            body("x-ratelimit-reset-tokens: ", .duration(tokens.resetAfter))
        }
        if let timed = report.timed {
            body("ratelimit-policy: ", .policy(timed))
            body("ratelimit: ", .state(timed))
        }
        if !report.warnings.isEmpty { body("x-gatehouse-limit-warning: ", .words(report.warnings)) }
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
            entry.words.quotedPolicy.utf8.count + 2 * OutputSpan<UInt8>.longestDecimal + 32
        case .words(let words): words.reduce(0) { $0 + $1.utf8.count + 2 }
        }
    }

    var text: String { String(decoding: [UInt8](capacity: room) { append(to: &$0) }, as: UTF8.self) }

    func append(to line: inout OutputSpan<UInt8>) {
        switch self {
        case .text(let text): line.append(text)
        case .number(let number): line.append(decimal: number)
        case .duration(let nanoseconds): Self.append(duration: nanoseconds, to: &line)
        case .policy(let entry):
            line.append(entry.words.quotedPolicy)
            line.append(";q=" as StaticString)
            line.append(entry.words.limit)
            line.append(";w=" as StaticString)
            line.append(decimal: entry.window ?? 0)
            if entry.words.measure == .bodyBytes { line.append(#";qu="content-bytes""# as StaticString) }
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
