import Foundation
import GRDB
package import GatewayCore

/// Which captures are asked for; what is not set is no condition.
package struct CaptureQuery: Sendable, Equatable {
    /// What one page has at most.
    package static let longestPage = 200

    package var tenant: String
    package var endpoint: String?
    package var deployment: String?
    package var caller: String?
    package var requestID: String?
    package var statuses: ClosedRange<Int>?
    /// Microseconds since 1970.
    package var since: Int64?
    package var until: Int64?
    package var slowerThan: Int64?
    package var fewestTokens: Int64?
    package var label: String?
    /// Words, `"phrases"` and FTS5's operators, in either body.
    package var text: String?
    /// Older than this capture: the last of the page before.
    package var before: Int64?
    /// Newer than this capture; then the oldest come first.
    package var after: Int64?
    package var count: Int

    package init(tenant: String, count: Int = 50) {
        self.tenant = tenant
        self.count = count
    }
}

/// A capture without its contents.
package struct CaptureRow: Sendable, Equatable {
    package var id: Int64
    package var receipt: Receipt
    package var query: String
    package var requestSize: Int64
    package var responseSize: Int64
    package var isRequestCut: Bool
    package var isResponseCut: Bool
    package var collections: [String]
    package var label: String
}

extension CaptureStore {
    /// A page, the newest first.
    ///
    /// - Throws: `invalid` where the text is no query of FTS5's.
    package func list(_ query: CaptureQuery) async throws(StoreError) -> [CaptureRow] {
        try await search(query) { database in try Self.page(query, database).map(CaptureRow.init) }
    }

    /// Reads what a query asks for, and says where its text is no query.
    func search<Value: Sendable>(
        _ query: CaptureQuery,
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await pool.read(body)
        } catch let error as DatabaseError where query.text != nil && error.resultCode == .SQLITE_ERROR {
            let message = "is no query: \(error.message ?? ""); write words, or a phrase in quotes"
            throw .invalid([Problem(.invalidValue, "captures", field: "text", message)])
        } catch {
            throw StoreError(error)
        }
    }

    static func page(_ query: CaptureQuery, _ database: Database) throws -> [Row] {
        guard let text = query.text else { return try Self.rows(query, database) }
        var found: [Row] = []
        let segments = try Row.fetchAll(database, sql: "SELECT * FROM segments ORDER BY id \(order(query))")
        for segment in segments where found.count < query.count {
            let first: Int64 = segment["first_capture"]
            if let before = query.before, first >= before { continue }
            if let after = query.after, first + (segment["captures"] as Int64) - 1 <= after { continue }
            let table = CaptureSchema.index(segment["id"])
            let matching = "SELECT rowid FROM \(table) WHERE \(table) MATCH ?"
            let match = "tenant : \(IndexedText.word(of: query.tenant)) AND {request response} : (\(text))"
            var rest = query
            rest.count = query.count - found.count
            found += try Self.rows(rest, database, among: (matching, match))
        }
        return found
    }

    /// One capture with its contents; `nil` when the tenant has none of this number.
    package func capture(_ id: Int64, tenant: String) async throws(StoreError) -> (
        row: CaptureRow, content: CaptureContent
    )? {
        try await read { database in
            let sql = "SELECT * FROM captures WHERE id = ? AND \(CaptureSchema.isOfTenant)"
            guard let row = try Row.fetchOne(database, sql: sql, arguments: [id, tenant, tenant]) else { return nil }
            var block = CaptureBlock.none
            return (CaptureRow(row), try block.content(of: row, in: database))
        }
    }

    private static func order(_ query: CaptureQuery) -> String { query.after == nil ? "DESC" : "ASC" }

    private static func rows(
        _ query: CaptureQuery,
        _ database: Database,
        among matching: (sql: String, text: String)? = nil
    ) throws -> [Row] {
        var conditions = [CaptureSchema.isOfTenant]
        var arguments: StatementArguments = [query.tenant, query.tenant]
        func add(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            conditions.append(condition)
            arguments += [value]
        }
        add("endpoint = ?", query.endpoint)
        add("deployment = ?", query.deployment)
        add("caller = ?", query.caller)
        add("request_id = ?", query.requestID)
        add("status >= ?", query.statuses?.lowerBound)
        add("status <= ?", query.statuses?.upperBound)
        add("started_at >= ?", query.since)
        add("started_at < ?", query.until)
        add("duration_us >= ?", query.slowerThan)
        add("coalesce(prompt_tokens, 0) + coalesce(completion_tokens, 0) >= ?", query.fewestTokens)
        add("label = ?", query.label)
        add("id < ?", query.before)
        add("id > ?", query.after)
        add("id IN (\(matching?.sql ?? ""))", matching?.text)
        // One more than a page tells whether there is another.
        arguments += [min(query.count, CaptureQuery.longestPage + 1)]
        let conditionText = conditions.joined(separator: " AND ")
        let ids = "SELECT id FROM captures WHERE \(conditionText) ORDER BY id \(order(query)) LIMIT ?"
        let sql = "SELECT * FROM captures WHERE id IN (\(ids)) ORDER BY id \(order(query))"
        return try Row.fetchAll(database, sql: sql, arguments: arguments)
    }
}

extension CaptureRow {
    init(_ row: Row) {
        id = row["id"]
        receipt = Receipt(requestID: row["request_id"], startedAt: row["started_at"])
        receipt.tenant = row["tenant"]
        receipt.endpoint = row["endpoint"]
        receipt.deployment = row["deployment"]
        receipt.instance = row["instance"]
        receipt.caller = row["caller"]
        receipt.method = row["method"]
        receipt.path = row["path"]
        receipt.status = row["status"]
        receipt.upstreamStatus = row["upstream_status"]
        receipt.outcome = Receipt.Outcome(rawValue: row["outcome"]) ?? .failed
        receipt.model = row["model"]
        receipt.isStreamed = row["is_streamed"]
        receipt.promptTokens = row["prompt_tokens"]
        receipt.completionTokens = row["completion_tokens"]
        receipt.firstByteMicroseconds = row["first_byte_us"]
        receipt.durationMicroseconds = row["duration_us"]
        receipt.mirrorOf = row["mirror_of"]
        query = row["query"]
        requestSize = row["request_size"]
        responseSize = row["response_size"]
        isRequestCut = row["is_request_cut"]
        isResponseCut = row["is_response_cut"]
        collections = (row["collections"] as String).split(separator: " ").map(String.init)
        label = row["label"]
    }
}
