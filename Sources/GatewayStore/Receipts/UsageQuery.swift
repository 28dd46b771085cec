import Foundation
import GRDB

/// What usage is added up by.
package enum UsageGrouping: String, Sendable, Hashable, CaseIterable, Codable {
    case tenant
    case endpoint
    case deployment
    case key
    case day
}

/// Which usage is asked for.
package struct UsageQuery: Sendable, Equatable {
    /// Seconds since 1970, in whole quarters of an hour: the one that `from` lies in counts whole.
    package var from: Int64
    /// The first second that does not count any more.
    package var to: Int64
    /// `nil` = all.
    package var tenant: String?
    package var endpoint: String?
    package var deployment: String?
    /// The caller's label, as receipts write it.
    package var key: String?
    package var groupBy: Set<UsageGrouping>
    /// IANA name: whose days are meant.
    package var timeZone: String

    package init(
        from: Int64,
        to: Int64,
        tenant: String? = nil,
        endpoint: String? = nil,
        deployment: String? = nil,
        key: String? = nil,
        groupBy: Set<UsageGrouping> = [],
        timeZone: String = "UTC"
    ) {
        self.from = from
        self.to = to
        self.tenant = tenant
        self.endpoint = endpoint
        self.deployment = deployment
        self.key = key
        self.groupBy = groupBy
        self.timeZone = timeZone
    }
}

/// What was used, of one group; what is not grouped by is `nil`.
package struct UsageSum: Sendable, Equatable {
    /// `2026-11-21`.
    package var day: String?
    package var tenant: String?
    package var endpoint: String?
    package var deployment: String?
    package var key: String?
    package var requests: Int64
    package var inputTokens: Int64
    package var outputTokens: Int64
    /// Millionths of the currency.
    package var cost: Int64
}

extension UsageQuery {
    private static let columns: [(UsageGrouping, String)] = [
        (.tenant, "tenant"), (.endpoint, "endpoint"), (.deployment, "deployment"), (.key, "caller"),
    ]

    /// Grouped by SQLite as far as possible; days of a time zone are made of buckets afterwards.
    var sql: String {
        let bucket = groupBy.contains(.day) ? "bucket" : "NULL"
        let wanted = Self.columns.map { groupBy.contains($0.0) ? $0.1 : "NULL" }
        let filters = filters.map { " AND \($0.0) = ?" }.joined()
        let groups = ([bucket] + wanted).filter { $0 != "NULL" }
        return """
            SELECT \(([bucket] + wanted).joined(separator: ", ")),
                sum(requests), sum(input_tokens), sum(output_tokens), sum(cost)
            FROM usage WHERE bucket >= ? AND bucket < ?\(filters)
            GROUP BY \(groups.isEmpty ? "NULL" : groups.joined(separator: ", "))
            """
    }

    var arguments: StatementArguments {
        StatementArguments([from - UsageSchema.offset(of: from), to]) + StatementArguments(filters.map(\.1))
    }

    private var filters: [(String, String)] {
        [("tenant", tenant), ("endpoint", endpoint), ("deployment", deployment), ("caller", key)]
            .compactMap { name, value in value.map { (name, $0) } }
    }

    func sum(_ row: Row, _ days: inout DayNames) -> UsageSum {
        UsageSum(
            day: (row[0] as Int64?).map { days.name(of: $0) },
            tenant: row[1],
            endpoint: row[2],
            deployment: row[3],
            key: row[4],
            requests: row[5],
            inputTokens: row[6],
            outputTokens: row[7],
            cost: row[8]
        )
    }
}

extension UsageSchema {
    /// How far an instant is behind the start of its bucket.
    static func offset(of second: Int64) -> Int64 {
        let offset = second % bucket
        return offset < 0 ? offset + bucket : offset
    }
}

extension UsageSum {
    var group: [String?] { [day, tenant, endpoint, deployment, key] }

    mutating func add(_ other: UsageSum) {
        requests = Self.sum(requests, other.requests)
        inputTokens = Self.sum(inputTokens, other.inputTokens)
        outputTokens = Self.sum(outputTokens, other.outputTokens)
        cost = Self.sum(cost, other.cost)
    }

    private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
        let (sum, isTooLarge) = left.addingReportingOverflow(right)
        return isTooLarge ? .max : sum
    }
}

/// Names the days of a time zone that buckets lie in.
struct DayNames {
    private var calendar = Calendar(identifier: .gregorian)
    private var known: [Int64: String] = [:]

    init(_ zone: TimeZone) {
        calendar.timeZone = zone
    }

    /// `2026-11-21`.
    mutating func name(of second: Int64) -> String {
        if let name = known[second] { return name }
        let date = Date(timeIntervalSince1970: TimeInterval(second))
        let parts = calendar.dateComponents([.year, .month, .day], from: date)
        let name = [(parts.year, 4), (parts.month, 2), (parts.day, 2)].map { number, width in
            let digits = String(number ?? 0)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }.joined(separator: "-")
        known[second] = name
        return name
    }
}
