import GRDB
import GatewayCore

/// What was used under names whose holders were deleted: whoever has one of them next begins at zero.
///
/// A tenant's usage goes with it. That of the others stays in its tenant's reports, and quotas leave out what was before: the
/// buckets before the deletion, and of its own bucket what the row here holds. Exchanges that began before it may end later.
struct FormerUsage {
    /// An empty text stands for all; `ended_at` is in microseconds since 1970, and the sums are those of its bucket up to then.
    static let schema = """
        CREATE TABLE former_usage (
            tenant TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            deployment TEXT NOT NULL,
            caller TEXT NOT NULL,
            ended_at INTEGER NOT NULL CHECK (ended_at >= 0),
            requests INTEGER NOT NULL CHECK (requests >= 0),
            input_tokens INTEGER NOT NULL CHECK (input_tokens >= 0),
            output_tokens INTEGER NOT NULL CHECK (output_tokens >= 0),
            cost INTEGER NOT NULL CHECK (cost >= 0),
            PRIMARY KEY (tenant, endpoint, deployment, caller)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX former_usage_by_age ON former_usage (ended_at);
        """

    /// When each was deleted, microseconds since 1970.
    private var ends: [UsageSubject: Int64] = [:]
    /// What the batch adds to what was before.
    private var late: [UsageSubject: UsageBatch.Sum] = [:]

    /// - Parameter batch: only what was deleted after one of these began concerns them.
    init(of batch: [Receipt], in database: Database) throws {
        let oldest = batch.lazy.map(\.startedAt).min() ?? .max
        let rows = try Row.fetchCursor(
            database,
            sql: "SELECT tenant, endpoint, deployment, caller, ended_at FROM former_usage WHERE ended_at >= ?",
            arguments: [oldest]
        )
        while let row = try rows.next() { ends[UsageSubject(former: row)] = row[4] }
    }

    func isOfDeletedTenant(_ receipt: Receipt) -> Bool {
        guard !ends.isEmpty else { return false }
        return isFormer(.tenant(receipt.tenant), receipt) || isFormer(.tenant(receipt.callerTenant), receipt)
    }

    /// A named key that was revoked, or one of the pair of an endpoint that was deleted.
    func isOfDeletedKey(_ receipt: Receipt) -> Bool {
        guard !ends.isEmpty else { return false }
        let tenant = receipt.callerTenant
        if isFormer(.caller(tenant: tenant, label: receipt.caller), receipt) { return true }
        let rest = receipt.caller.dropFirst(tenant.count)
        guard rest.first == "/", let end = rest.lastIndex(of: "#") else { return false }
        let endpoint = String(rest[rest.index(after: rest.startIndex)..<end])
        return isFormer(.endpoint(tenant: tenant, endpoint: endpoint), receipt)
    }

    /// A receipt that counts, in the sums of all that it was of.
    mutating func add(_ receipt: Receipt) {
        guard !ends.isEmpty else { return }
        let (tenant, endpoint) = (receipt.tenant, receipt.endpoint)
        let subjects: [UsageSubject] = [
            .endpoint(tenant: tenant, endpoint: endpoint),
            .deployment(tenant: tenant, endpoint: endpoint, deployment: receipt.deployment),
            .caller(tenant: tenant, label: receipt.caller),
        ]
        for subject in subjects where isFormer(subject, receipt) {
            guard let end = ends[subject], Self.bucket(of: end) == Self.bucket(of: max(0, receipt.startedAt)) else {
                continue
            }
            late[subject, default: UsageBatch.Sum()].add(receipt)
        }
    }

    func write(in database: Database) throws {
        for (subject, sum) in late {
            try database.execute(
                sql: """
                    UPDATE former_usage SET requests = requests + ?, input_tokens = input_tokens + ?,
                        output_tokens = output_tokens + ?, cost = cost + ?
                    WHERE tenant = ? AND endpoint = ? AND deployment = ? AND caller = ?
                    """,
                arguments: [sum.requests, sum.inputTokens, sum.outputTokens, sum.cost] + subject.formerKey
            )
        }
    }

    private func isFormer(_ subject: UsageSubject, _ receipt: Receipt) -> Bool {
        ends[subject].map { receipt.startedAt <= $0 } ?? false
    }

    private static func bucket(of microseconds: Int64) -> Int64 {
        let second = microseconds / 1_000_000
        return second - second % UsageSchema.bucket
    }
}

/// Deleting, and what is left for the next of the name.
extension FormerUsage {
    static func end(_ subject: UsageSubject, at now: Int64, in database: Database) throws {
        if case .tenant(let tenant) = subject {
            for table in ["usage", "former_usage"] {
                try database.execute(sql: "DELETE FROM \(table) WHERE tenant = ?", arguments: [tenant])
            }
        }
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO former_usage
                SELECT ?, ?, ?, ?, ?, coalesce(sum(requests), 0), coalesce(sum(input_tokens), 0),
                    coalesce(sum(output_tokens), 0), coalesce(sum(cost), 0)
                FROM usage WHERE \(subject.condition) AND bucket = ?
                """,
            arguments: subject.formerKey + [now] + StatementArguments(subject.columns.map(\.1)) + [bucket(of: now)]
        )
        try forgetLastUse(of: subject, in: database)
    }

    private static func forgetLastUse(of subject: UsageSubject, in database: Database) throws {
        var prefixes: [String] = []
        switch subject {
        case .tenant(let tenant): prefixes = ["\(tenant)#", "\(tenant)/"]
        case .endpoint(let tenant, let endpoint): prefixes = ["\(tenant)/\(endpoint)#"]
        case .deployment: break
        case .caller(_, let label):
            try database.execute(sql: "DELETE FROM key_use WHERE caller = ?", arguments: [label])
        }
        for prefix in prefixes {
            // No label goes beyond: the greatest character that there is.
            try database.execute(
                sql: "DELETE FROM key_use WHERE caller >= ? AND caller < ?",
                arguments: [prefix, prefix + "\u{10FFFF}"]
            )
        }
    }

    /// - Returns: the bucket that the next of the name began in, and what it holds of the one before.
    static func found(_ subject: UsageSubject, in database: Database) throws -> (bucket: Int64, row: Row)? {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT ended_at, requests, input_tokens, output_tokens, cost FROM former_usage
                WHERE tenant = ? AND endpoint = ? AND deployment = ? AND caller = ?
                """,
            arguments: subject.formerKey
        )
        return row.map { (bucket(of: $0[0]), $0) }
    }
}

extension UsageSubject {
    /// Which rows of `usage` are its own.
    var columns: [(String, String)] {
        switch self {
        case .tenant(let tenant): [("tenant", tenant)]
        case .endpoint(let tenant, let endpoint): [("tenant", tenant), ("endpoint", endpoint)]
        case .deployment(let tenant, let endpoint, let deployment):
            [("tenant", tenant), ("endpoint", endpoint), ("deployment", deployment)]
        case .caller(let tenant, let label): [("tenant", tenant), ("caller", label)]
        }
    }

    var condition: String { columns.map { "\($0.0) = ?" }.joined(separator: " AND ") }

    /// The primary key of its row in `former_usage`.
    fileprivate var formerKey: StatementArguments {
        let names = Dictionary(uniqueKeysWithValues: columns)
        return StatementArguments(["tenant", "endpoint", "deployment", "caller"].map { names[$0] ?? "" })
    }

    fileprivate init(former row: Row) {
        let (tenant, endpoint, deployment, caller): (String, String, String, String) = (row[0], row[1], row[2], row[3])
        if !caller.isEmpty {
            self = .caller(tenant: tenant, label: caller)
        } else if !deployment.isEmpty {
            self = .deployment(tenant: tenant, endpoint: endpoint, deployment: deployment)
        } else {
            self = endpoint.isEmpty ? .tenant(tenant) : .endpoint(tenant: tenant, endpoint: endpoint)
        }
    }
}

extension Receipt {
    /// The tenant that the caller's label names: a refused request's receipt may have none of its own.
    fileprivate var callerTenant: String { String(caller.prefix { $0 != "/" && $0 != "#" && $0 != "@" }) }
}
