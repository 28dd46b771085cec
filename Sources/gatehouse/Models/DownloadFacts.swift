import Foundation

/// Where a URL leads: what a credential is for.
struct Origin: Equatable {
    let scheme: String
    /// With the port, as it is written in `Host`.
    let host: String
    /// Without port and brackets.
    let name: String

    init?(_ url: String) {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(), let host = parts.host,
            !host.isEmpty
        else { return nil }
        self.scheme = scheme
        let usual = scheme == "https" ? 443 : 80
        let suffix = parts.port.map { $0 == usual ? "" : ":\($0)" } ?? ""
        self.host = host.lowercased() + suffix
        name = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host.lowercased()
    }
}

/// `bytes 100-199/200`, or `bytes */200`.
struct ContentRange: Equatable {
    let first: Int64?
    let total: Int64?

    init(first: Int64?, total: Int64?) {
        self.first = first
        self.total = total
    }

    init?(_ text: String) {
        guard text.hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst("bytes ".count).split(separator: "/")
        guard parts.count == 2 else { return nil }
        first = parts[0].split(separator: "-", omittingEmptySubsequences: false).first.flatMap { Self.count($0) }
        total = Self.count(parts[1])
    }

    /// A number of bytes: digits and nothing else, so that what a server says is never below zero.
    static func count(_ text: some StringProtocol) -> Int64? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int64(text) : nil
    }
}

/// How fast bytes come, over the last seconds.
struct TransferRate {
    private static let span = Duration.seconds(5)

    private var marks: [(time: ContinuousClock.Instant, count: Int64)]

    init(at count: Int64, now: ContinuousClock.Instant = .now) { marks = [(now, count)] }

    mutating func add(_ count: Int64, now: ContinuousClock.Instant = .now) {
        marks.append((now, count))
        while marks.count > 2, now - marks[1].time > Self.span { marks.removeFirst() }
    }

    var perSecond: Int64 {
        guard let first = marks.first, let last = marks.last, last.time > first.time else { return 0 }
        return Int64(Double(last.count - first.count) / ((last.time - first.time) / .seconds(1)))
    }
}
