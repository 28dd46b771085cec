import GRDB
import GRDBSQLite

/// Writes rows through one prepared statement, bound by SQLite's own calls.
///
/// GRDB boxes each value: that is half of what a row of many columns costs (7.4 us of CPU a receipt, against 3.9 this way;
/// 300,000 receipts, release build).
struct RowBinding: ~Copyable {
    private let database: Database
    private let statement: Statement
    /// The texts of one row, kept here while SQLite reads them, so that it need not copy each.
    private var texts: [UInt8] = []
    private var ends: [Int] = []
    private var numbers: [Int64?] = []

    /// - Parameter sql: has the texts first, and the numbers behind them.
    init(_ database: Database, sql: String) throws {
        self.database = database
        statement = try database.makeStatement(sql: sql)
    }

    mutating func add(_ text: String) {
        texts.append(contentsOf: text.utf8)
        ends.append(texts.count)
    }

    mutating func add(_ number: Int64?) { numbers.append(number) }

    mutating func add(_ number: Int) { numbers.append(Int64(number)) }

    mutating func add(_ isTrue: Bool) { numbers.append(isTrue ? 1 : 0) }

    /// Writes the row of what was added.
    mutating func insert() throws(DatabaseError) {
        let code = unsafe texts.withUnsafeBufferPointer { bytes in
            unsafe bind(texts: bytes)
            return unsafe sqlite3_step(statement.sqliteStatement)
        }
        // The message is the connection's: read it before the statement is made ready for the next row.
        let failure = code == SQLITE_DONE ? nil : failure(code)
        unsafe sqlite3_reset(statement.sqliteStatement)
        texts.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        numbers.removeAll(keepingCapacity: true)
        if let failure { throw failure }
    }

    private func failure(_ code: Int32) -> DatabaseError {
        DatabaseError(resultCode: ResultCode(rawValue: code), message: database.lastErrorMessage)
    }

    private borrowing func bind(texts bytes: UnsafeBufferPointer<UInt8>) {
        var start = 0
        for (index, end) in ends.enumerated() {
            let text = unsafe bytes.baseAddress.map {
                unsafe UnsafeRawPointer($0 + start).assumingMemoryBound(to: CChar.self)
            }
            // No destructor: the bytes stay where they are until the row is written.
            unsafe sqlite3_bind_text(statement.sqliteStatement, Int32(index + 1), text, Int32(end - start), nil)
            start = end
        }
        for (index, number) in numbers.enumerated() {
            let column = Int32(ends.count + index + 1)
            if let number {
                unsafe sqlite3_bind_int64(statement.sqliteStatement, column, number)
            } else {
                unsafe sqlite3_bind_null(statement.sqliteStatement, column)
            }
        }
    }
}
