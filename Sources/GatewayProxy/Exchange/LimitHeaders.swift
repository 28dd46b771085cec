import GatewayCore
import NIOHTTP1

/// What the response headers say of the limits: the same decision that let the request pass or refused it.
///
/// Every header has room for one limit and tells of the tightest: OpenAI's names of its kind, `RateLimit` and
/// `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers) of all that have a window. Written on every answer, so nothing
/// here uses string interpolation, which takes several times as long.
enum LimitHeaders {
    static func add(_ report: LimitReport, to headers: inout HTTPHeaders) {
        var requests: LimitReport.Entry?
        var tokens: LimitReport.Entry?
        var timed: LimitReport.Entry?
        for entry in report.entries {
            switch entry.measure {
            case .requests: entry.replaceIfTighter(&requests)
            case .tokens: entry.replaceIfTighter(&tokens)
            case .bodyBytes, .cost, .concurrent: break
            }
            // Callers are not told of the operator's money.
            if entry.window != nil, entry.measure != .cost { entry.replaceIfTighter(&timed) }
        }
        if let requests {
            headers.add(name: "x-ratelimit-limit-requests", value: String(requests.limit))
            headers.add(name: "x-ratelimit-remaining-requests", value: String(requests.remaining))
            headers.add(name: "x-ratelimit-reset-requests", value: duration(requests.resetAfter))
        }
        if let tokens {
            headers.add(name: "x-ratelimit-limit-tokens", value: String(tokens.limit))
            headers.add(name: "x-ratelimit-remaining-tokens", value: String(tokens.remaining))
            headers.add(name: "x-ratelimit-reset-tokens", value: duration(tokens.resetAfter))
        }
        if let timed {
            headers.add(name: "ratelimit-policy", value: policy(timed))
            headers.add(name: "ratelimit", value: state(timed))
        }
        if !report.warnings.isEmpty {
            headers.add(name: "x-gatehouse-limit-warning", value: report.warnings.joined(separator: ", "))
        }
    }

    private static func policy(_ entry: LimitReport.Entry) -> String {
        var text = name(entry)
        text += ";q="
        text += String(entry.limit)
        text += ";w="
        text += String(entry.window ?? 0)
        if entry.measure == .bodyBytes { text += ";qu=\"content-bytes\"" }
        return text
    }

    private static func state(_ entry: LimitReport.Entry) -> String {
        var text = name(entry)
        text += ";r="
        text += String(entry.remaining)
        text += ";t="
        text += String((entry.resetAfter + 999_999_999) / 1_000_000_000)
        return text
    }

    private static func name(_ entry: LimitReport.Entry) -> String {
        var text = "\""
        text.reserveCapacity(entry.policy.utf8.count + 40)
        text += entry.policy
        text += "\""
        return text
    }

    /// OpenAI's spelling: `20ms`, `1.5s`, `6m0s`, `1h0m0s`.
    static func duration(_ nanoseconds: Int64) -> String {
        let milliseconds = (max(0, nanoseconds) + 999_999) / 1_000_000
        if milliseconds < 1000 { return String(milliseconds) + "ms" }
        if milliseconds < 60_000 { return seconds(milliseconds) }
        let whole = (milliseconds + 999) / 1000
        var text = ""
        if whole >= 3600 {
            text += String(whole / 3600)
            text += "h"
        }
        text += String(whole / 60 % 60)
        text += "m"
        text += String(whole % 60)
        text += "s"
        return text
    }

    /// Whole seconds, or as many decimals as there are.
    private static func seconds(_ milliseconds: Int64) -> String {
        var text = String(milliseconds / 1000)
        var rest = milliseconds % 1000
        var divisor: Int64 = 100
        if rest > 0 { text += "." }
        while rest > 0 {
            text += String(rest / divisor)
            rest %= divisor
            divisor /= 10
        }
        text += "s"
        return text
    }
}

extension LimitReport.Entry {
    /// Takes the place of one that leaves a greater share free.
    fileprivate func replaceIfTighter(_ other: inout LimitReport.Entry?) {
        guard let held = other else { return other = self }
        if freeShare < held.freeShare { other = self }
    }

    private var freeShare: Double { Double(remaining) / Double(limit) }
}
