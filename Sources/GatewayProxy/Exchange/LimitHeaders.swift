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
        // Room for all of it at once.
        bytes.reserveCapacity(bytes.count + 768)
        forEach(report) { name, value in
            bytes.append(name)
            bytes.append(": ")
            value.append(to: &bytes)
            bytes.append("\r\n")
        }
    }

    static func add(_ report: LimitReport, to headers: inout HTTPHeaders) {
        forEach(report) { name, value in
            var bytes: [UInt8] = []
            value.append(to: &bytes)
            headers.add(name: name.description, value: String(decoding: bytes, as: UTF8.self))
        }
    }

    @inline(__always)
    private static func forEach(_ report: LimitReport, _ body: (StaticString, LimitHeaderValue) -> Void) {
        if let requests = report.requests {
            body("x-ratelimit-limit-requests", .number(requests.limit))
            body("x-ratelimit-remaining-requests", .number(requests.remaining))
            body("x-ratelimit-reset-requests", .duration(requests.resetAfter))
        }
        if let tokens = report.tokens {
            body("x-ratelimit-limit-tokens", .number(tokens.limit))
            body("x-ratelimit-remaining-tokens", .number(tokens.remaining))
            body("x-ratelimit-reset-tokens", .duration(tokens.resetAfter))
        }
        if let timed = report.timed {
            body("ratelimit-policy", .policy(timed))
            body("ratelimit", .state(timed))
        }
        if !report.warnings.isEmpty { body("x-gatehouse-limit-warning", .words(report.warnings)) }
    }
}

/// One of these headers' values, as bytes.
enum LimitHeaderValue {
    case number(Int64)
    /// Nanoseconds, in OpenAI's spelling: `20ms`, `1.5s`, `6m0s`, `1h0m0s`.
    case duration(Int64)
    /// Of `RateLimit-Policy`: what the limit is.
    case policy(LimitReport.Entry)
    /// Of `RateLimit`: how it stands.
    case state(LimitReport.Entry)
    case words([String])

    func append(to bytes: inout [UInt8]) {
        switch self {
        case .number(let number): bytes.append(decimal: number)
        case .duration(let nanoseconds): Self.append(duration: nanoseconds, to: &bytes)
        case .policy(let entry):
            Self.append(name: entry, to: &bytes)
            bytes.append(";q=")
            bytes.append(decimal: entry.limit)
            bytes.append(";w=")
            bytes.append(decimal: entry.window ?? 0)
            if entry.measure == .bodyBytes { bytes.append(#";qu="content-bytes""#) }
        case .state(let entry):
            Self.append(name: entry, to: &bytes)
            bytes.append(";r=")
            bytes.append(decimal: entry.remaining)
            bytes.append(";t=")
            bytes.append(decimal: (entry.resetAfter + 999_999_999) / 1_000_000_000)
        case .words(let words): bytes.append(contentsOf: words.joined(separator: ", ").utf8)
        }
    }

    private static func append(name entry: LimitReport.Entry, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: entry.policy.utf8)
        bytes.append(UInt8(ascii: "\""))
    }

    private static func append(duration nanoseconds: Int64, to bytes: inout [UInt8]) {
        let milliseconds = (max(0, nanoseconds) + 999_999) / 1_000_000
        if milliseconds < 1000 {
            bytes.append(decimal: milliseconds)
            bytes.append("ms")
            return
        }
        if milliseconds < 60_000 { return append(seconds: milliseconds, to: &bytes) }
        let whole = (milliseconds + 999) / 1000
        if whole >= 3600 {
            bytes.append(decimal: whole / 3600)
            bytes.append("h")
        }
        bytes.append(decimal: whole / 60 % 60)
        bytes.append("m")
        bytes.append(decimal: whole % 60)
        bytes.append("s")
    }

    /// Whole seconds, or as many decimals as there are.
    private static func append(seconds milliseconds: Int64, to bytes: inout [UInt8]) {
        bytes.append(decimal: milliseconds / 1000)
        var rest = milliseconds % 1000
        var divisor: Int64 = 100
        if rest > 0 { bytes.append(".") }
        while rest > 0 {
            bytes.append(decimal: rest / divisor)
            rest %= divisor
            divisor /= 10
        }
        bytes.append("s")
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }

    /// Digits of a number; none is negative here.
    fileprivate mutating func append(decimal number: Int64) {
        // What the largest number needs.
        let most = 20
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: most) { digits in
            var first = most
            var rest = UInt64(Swift.max(0, number))
            repeat {
                first -= 1
                unsafe digits[first] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            unsafe append(contentsOf: digits[first...])
        }
    }
}
