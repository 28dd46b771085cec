import Foundation
import GRDB
package import GatewayCore
import Synchronization

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
        if isForgotten(subject) { return [] }
        let sql = """
            SELECT bucket, sum(requests), sum(input_tokens), sum(output_tokens), sum(cost) FROM usage
            WHERE \(subject.condition) AND bucket > ? GROUP BY bucket
            """
        let arguments = StatementArguments(subject.columns.map(\.1))
        do {
            return try pool.read { database in
                let former = try FormerUsage.found(subject, in: database)
                let start = max(second - UsageSchema.bucket, former.map { $0.bucket - 1 } ?? .min)
                return try Row.fetchAll(database, sql: sql, arguments: arguments + [start]).map {
                    var row = UsageRow($0, of: subject)
                    if let former, former.bucket == row.bucketStart { row.subtract(former.row) }
                    return row
                }
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// Whoever gets one of these names next begins at zero, whatever is still to be written of exchanges that began before
    /// now; a tenant's includes all that it had.
    ///
    /// Waited for, on the configuration's own thread. What cannot be written is kept until it can, while the gateway runs.
    ///
    /// - Parameter now: microseconds since 1970.
    package func forgetUsage(
        of gone: [UsageSubject],
        at now: Int64 = Int64(Date().timeIntervalSince1970 * 1_000_000)
    ) throws(StoreError) {
        forgotten.withLock { forgotten in for subject in gone { forgotten[subject] = now } }
        do {
            try pool.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    try forget(in: database)
                    return .commit
                }
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// Writes what waits to be forgotten, before anything that came after it.
    func forget(in database: Database) throws {
        let waiting = forgotten.withLock { $0 }
        guard !waiting.isEmpty else { return }
        for (subject, end) in waiting.sorted(by: { $0.value < $1.value }) {
            try FormerUsage.end(subject, at: end, in: database)
        }
        database.afterNextTransaction { [self] _ in
            forgotten.withLock { forgotten in
                for (subject, end) in waiting where forgotten[subject] == end { forgotten[subject] = nil }
            }
        }
    }

    private func isForgotten(_ subject: UsageSubject) -> Bool {
        forgotten.withLock { $0[subject] != nil || $0[.tenant(subject.tenant)] != nil }
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

    /// Takes away what was used under the name before.
    fileprivate mutating func subtract(_ former: Row) {
        requests = max(0, requests - former["requests"])
        inputTokens = max(0, inputTokens - former["input_tokens"])
        outputTokens = max(0, outputTokens - former["output_tokens"])
        cost = max(0, cost - former["cost"])
    }
}
