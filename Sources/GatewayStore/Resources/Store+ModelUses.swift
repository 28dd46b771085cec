import GRDB
import GatewayCore
import Logging

/// When the files of models were last used: by the start of a worker, or by being pulled.
extension Store {
    /// Does not wait for the disk; what is lost with a crash is an order of removal.
    package func noteModelUses(_ paths: Set<String>, at now: Int64 = WallClock.seconds) {
        guard !paths.isEmpty else { return }
        pool.asyncWriteWithoutTransaction { [logger] database in
            do {
                try database.inTransaction {
                    for path in paths {
                        try database.execute(
                            sql: """
                                INSERT INTO model_uses (path, used_at) VALUES (?, ?)
                                ON CONFLICT (path) DO UPDATE SET used_at = max(used_at, excluded.used_at)
                                """,
                            arguments: [path, now]
                        )
                    }
                    // Of models that are registered no more nobody asks.
                    try database.execute(sql: "DELETE FROM model_uses WHERE path NOT IN (SELECT path FROM models)")
                    return .commit
                }
            } catch {
                logger.error("the use of a model cannot be noted", metadata: ["reason": "\(StoreError(error))"])
            }
        }
    }

    /// Seconds since 1970 by path.
    package func modelUses() async throws(StoreError) -> [String: Int64] {
        try await write { database in
            let rows = try Row.fetchAll(database, sql: "SELECT path, used_at FROM model_uses")
            return Dictionary(rows.map { ($0["path"], $0["used_at"]) }, uniquingKeysWith: { first, _ in first })
        }
    }
}
