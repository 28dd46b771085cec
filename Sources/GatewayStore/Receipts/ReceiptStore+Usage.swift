import Foundation
import GRDB
package import GatewayCore

extension ReceiptStore {
    /// - Returns: in the order of day, tenant, endpoint, deployment and key.
    package func usage(_ query: UsageQuery) async throws(StoreError) -> [UsageSum] {
        guard RulesCheck.isTimeZone(query.timeZone), let zone = TimeZone(identifier: query.timeZone) else {
            let message = "is no time zone of this machine; use an IANA name such as Europe/Berlin"
            throw .invalid([Problem(.invalidValue, "usage", field: "timeZone", message)])
        }
        do {
            return try await pool.read { database in
                var days = DayNames(zone)
                var sums: [UsageSum] = []
                var places: [[String?]: Int] = [:]
                let rows = try Row.fetchCursor(database, sql: query.sql, arguments: query.arguments)
                while let row = try rows.next() {
                    let sum = query.sum(row, &days)
                    if let place = places[sum.group] {
                        sums[place].add(sum)
                    } else {
                        places[sum.group] = sums.count
                        sums.append(sum)
                    }
                }
                return sums.sorted { left, right in
                    left.group.map { $0 ?? "" }.lexicographicallyPrecedes(right.group.map { $0 ?? "" })
                }
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// Every row whose bucket ends after this second.
    package func usageRows(since second: Int64) async throws(StoreError) -> [UsageRow] {
        do {
            return try await pool.read { database in
                let rows = try Row.fetchCursor(
                    database,
                    sql: "SELECT * FROM usage WHERE bucket > ? ORDER BY bucket",
                    arguments: [second - UsageSchema.bucket]
                )
                var found: [UsageRow] = []
                while let row = try rows.next() { found.append(UsageRow(row)) }
                return found
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// What a quota is restored from: one row for each bucket that ends after this second, with all of the subject's.
    ///
    /// Waited for: asked while a snapshot is compiled, on the configuration's own thread.
    package func usageRows(of subject: UsageSubject, since second: Int64) throws(StoreError) -> [UsageRow] {
        let columns = subject.columns
        let sql = """
            SELECT bucket, sum(requests), sum(input_tokens), sum(output_tokens), sum(cost) FROM usage
            WHERE \(columns.map { "\($0.0) = ?" }.joined(separator: " AND ")) AND bucket > ? GROUP BY bucket
            """
        let arguments = StatementArguments(columns.map(\.1)) + [second - UsageSchema.bucket]
        do {
            return try pool.read { database in
                try Row.fetchAll(database, sql: sql, arguments: arguments).map { UsageRow($0, of: subject) }
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// Drops what was counted for a tenant that is gone.
    package func forgetUsage(of tenant: String) async throws(StoreError) {
        try await run { database in
            try database.execute(sql: "DELETE FROM usage WHERE tenant = ?", arguments: [tenant])
        }
    }

    /// When each key was used last: by its label, in seconds since 1970.
    package func lastUsed() async throws(StoreError) -> [String: Int64] {
        do {
            return try await pool.read { database in
                let rows = try Row.fetchCursor(database, sql: "SELECT caller, last_used FROM key_use")
                var found: [String: Int64] = [:]
                while let row = try rows.next() { found[row[0]] = row[1] }
                return found
            }
        } catch {
            throw StoreError(error)
        }
    }

    package func lastUsed(of label: String) async throws(StoreError) -> Int64? {
        do {
            return try await pool.read { database in
                try Int64.fetchOne(database, sql: "SELECT last_used FROM key_use WHERE caller = ?", arguments: [label])
            }
        } catch {
            throw StoreError(error)
        }
    }
}

extension UsageSubject {
    fileprivate var columns: [(String, String)] {
        switch self {
        case .tenant(let tenant): [("tenant", tenant)]
        case .endpoint(let tenant, let endpoint): [("tenant", tenant), ("endpoint", endpoint)]
        case .deployment(let tenant, let endpoint, let deployment):
            [("tenant", tenant), ("endpoint", endpoint), ("deployment", deployment)]
        case .caller(let tenant, let label): [("tenant", tenant), ("caller", label)]
        }
    }
}

extension UsageRow {
    fileprivate init(_ row: Row) {
        self.init(
            bucketStart: row["bucket"],
            tenant: row["tenant"],
            endpoint: row["endpoint"],
            deployment: row["deployment"],
            caller: row["caller"],
            requests: row["requests"],
            inputTokens: row["input_tokens"],
            outputTokens: row["output_tokens"],
            cost: row["cost"]
        )
    }

    /// What the subject does not say stays empty.
    fileprivate init(_ row: Row, of subject: UsageSubject) {
        let names = Dictionary(uniqueKeysWithValues: subject.columns)
        self.init(
            bucketStart: row[0],
            tenant: names["tenant"] ?? "",
            endpoint: names["endpoint"] ?? "",
            deployment: names["deployment"] ?? "",
            caller: names["caller"] ?? "",
            requests: row[1],
            inputTokens: row[2],
            outputTokens: row[3],
            cost: row[4]
        )
    }
}
