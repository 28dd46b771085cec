import GRDB
import GRDBSQLite
import GatewayCore

/// Writes receipts through one prepared statement, bound by SQLite's own calls.
///
/// GRDB boxes each of the 26 values: 7.4 us of CPU a receipt in all, against 3.9 this way (300,000 receipts, release build).
struct ReceiptBinding: ~Copyable {
    private let database: Database
    private let statement: Statement
    /// The texts of one row, kept here while SQLite reads them, so that it need not copy each.
    private var texts: [UInt8] = []
    private var ends: [Int] = []

    init(_ database: Database) throws {
        self.database = database
        statement = try database.makeStatement(sql: ReceiptSchema.insert)
    }

    mutating func insert(_ receipt: Receipt) throws(DatabaseError) {
        collect(receipt)
        let code = unsafe texts.withUnsafeBufferPointer { bytes in
            unsafe bind(receipt, texts: bytes)
            return unsafe sqlite3_step(statement.sqliteStatement)
        }
        // The message is the connection's: read it before the statement is made ready for the next row.
        let failure = code == SQLITE_DONE ? nil : failure(code)
        unsafe sqlite3_reset(statement.sqliteStatement)
        if let failure { throw failure }
    }

    private func failure(_ code: Int32) -> DatabaseError {
        DatabaseError(resultCode: ResultCode(rawValue: code), message: database.lastErrorMessage)
    }

    private mutating func collect(_ receipt: Receipt) {
        texts.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        add(receipt.requestID)
        add(receipt.tenant)
        add(receipt.endpoint)
        add(receipt.deployment)
        add(receipt.instance)
        add(receipt.caller)
        add(receipt.httpVersion)
        add(receipt.method)
        add(receipt.path)
        add(receipt.clientAddress)
        add(receipt.outcome.rawValue)
        add(receipt.refusal)
        add(receipt.model)
        add(receipt.mirrorOf)
    }

    private mutating func add(_ text: String) {
        texts.append(contentsOf: text.utf8)
        ends.append(texts.count)
    }

    /// The statement has the texts first, in the order of `collect`, and the numbers behind them.
    private borrowing func bind(_ receipt: Receipt, texts bytes: UnsafeBufferPointer<UInt8>) {
        var start = 0
        for (index, end) in ends.enumerated() {
            let text = unsafe bytes.baseAddress.map {
                unsafe UnsafeRawPointer($0 + start).assumingMemoryBound(to: CChar.self)
            }
            // No destructor: the bytes stay where they are until the row is written.
            unsafe sqlite3_bind_text(statement.sqliteStatement, Int32(index + 1), text, Int32(end - start), nil)
            start = end
        }
        bind(15, receipt.startedAt)
        bind(16, Int64(receipt.status))
        bind(17, Int64(receipt.upstreamStatus))
        bind(18, receipt.requestBytes)
        bind(19, receipt.responseBytes)
        bind(20, receipt.promptTokens)
        bind(21, receipt.completionTokens)
        bind(22, receipt.isStreamed ? 1 : 0)
        bind(23, receipt.firstByteMicroseconds)
        bind(24, receipt.durationMicroseconds)
        bind(25, Int64(receipt.attempts))
        bind(26, receipt.cost)
    }

    private borrowing func bind(_ column: Int32, _ number: Int64?) {
        if let number {
            unsafe sqlite3_bind_int64(statement.sqliteStatement, column, number)
        } else {
            unsafe sqlite3_bind_null(statement.sqliteStatement, column)
        }
    }
}

extension Receipt {
    init(row: Row) {
        self.init(requestID: row["request_id"], startedAt: row["started_at"])
        tenant = row["tenant"]
        endpoint = row["endpoint"]
        deployment = row["deployment"]
        instance = row["instance"]
        caller = row["caller"]
        httpVersion = row["http_version"]
        method = row["method"]
        path = row["path"]
        clientAddress = row["client_address"]
        status = row["status"]
        upstreamStatus = row["upstream_status"]
        // The table's CHECK knows the same names.
        outcome = Outcome(rawValue: row["outcome"]) ?? .failed
        refusal = row["refusal"]
        model = row["model"]
        requestBytes = row["request_bytes"]
        responseBytes = row["response_bytes"]
        promptTokens = row["prompt_tokens"]
        completionTokens = row["completion_tokens"]
        isStreamed = row["is_streamed"]
        firstByteMicroseconds = row["first_byte_us"]
        durationMicroseconds = row["duration_us"]
        attempts = row["attempts"]
        cost = row["cost"]
        mirrorOf = row["mirror_of"]
    }
}
