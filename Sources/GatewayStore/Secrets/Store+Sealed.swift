import Foundation
import GRDB

extension Store {
    /// A value of the gateway's own that is kept sealed, such as its signing keys; `nil` when there is none yet.
    package func sealedValue(_ name: String) throws(StoreError) -> String? {
        do {
            let sealed = try pool.read { database in
                try Data.fetchOne(database, sql: "SELECT value FROM meta WHERE name = ?", arguments: ["sealed/\(name)"])
            }
            return try sealed.map { try secrets.open($0, place: "sealed/\(name)") }
        } catch {
            throw StoreError(error)
        }
    }

    package func setSealedValue(_ name: String, _ text: String) throws(StoreError) {
        let sealed = try secrets.seal(text, place: "sealed/\(name)")
        do {
            try pool.write { database in
                try database.execute(
                    sql:
                        "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                    arguments: ["sealed/\(name)", sealed]
                )
            }
        } catch {
            throw StoreError(error)
        }
    }
}
