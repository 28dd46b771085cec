import Foundation
import GRDB
import GatewayCore

/// The database file, opened, brought to the newest schema, and with the key that its sealed values need.
struct StoreFile: Sendable {
    private static let secretCheck = "gatehouse"

    let pool: DatabasePool
    let secrets: SecretBox
    let headFile: AuditHeadFile

    init(path: String, migrations: Migrations, environment: [String: String]) throws(StoreError) {
        try PrivateFile.makeParent(of: path)
        try PrivateFile.makeEmpty(path)
        do {
            pool = try DatabasePool(path: path, configuration: Self.settings)
            // What an admin was told is done survives a power cut (SECURITY D-3). Set here and not while the connection is
            // prepared, because the pool lowers it to NORMAL after that.
            try pool.writeWithoutTransaction { database in try database.execute(sql: "PRAGMA synchronous = FULL") }
        } catch {
            throw StoreError(error)
        }
        // Before the schema says that it was done: a crash in between does it again.
        if try migrations.isOlder(pool, than: AuditSchema.identifier) {
            try Self.beginAudit(pool, path, try Self.secrets(of: pool, path: path, environment: environment))
        }
        try migrations.migrate(pool, path: path)
        secrets = try Self.secrets(of: pool, path: path, environment: environment)
        headFile = AuditHeadFile(beside: path, secrets)
    }

    /// Of a store that was made before a log without entries had an end, and before that lay outside the database too.
    private static func beginAudit(_ pool: DatabasePool, _ path: String, _ secrets: SecretBox) throws(StoreError) {
        do {
            try pool.write { database in
                let log = AuditLog(database: database, secrets: secrets)
                try log.begin()
                if let head = try log.sealedHead() { try AuditHeadFile(beside: path, secrets).make(head) }
            }
        } catch {
            throw StoreError(error)
        }
    }

    func configuration() throws(StoreError) -> (Definitions, [StoredCertificate]) {
        do {
            return try pool.read { database in
                let reader = ConfigurationReader(database: database, secrets: secrets)
                return (try reader.definitions(), try reader.certificates())
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// Whether the audit log goes on from the head that lies outside.
    func fitsHead() throws(StoreError) -> Bool {
        do {
            return try pool.read { database in
                let log = AuditLog(database: database, secrets: secrets)
                return try headFile.open(try log.sealedHead(), hash: log.hash)
            }
        } catch {
            throw StoreError(error)
        }
    }

    static func check(path: String, migrations: Migrations) throws(StoreError) {
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            var settings = settings
            settings.readonly = true
            let queue = try DatabaseQueue(path: path, configuration: settings)
            if let reason = try queue.read(migrations.refusal) { throw StoreError.unavailable("\(path) \(reason)") }
        } catch {
            throw StoreError(error)
        }
    }

    private static var settings: GRDB.Configuration {
        var settings = GRDB.Configuration()
        settings.foreignKeysEnabled = true
        settings.busyMode = .timeout(10)
        settings.maximumReaderCount = 2
        settings.label = "gatehouse.store"
        return settings
    }

    /// The key, tried on a value that was sealed when the store was made: a wrong one is found here, not at the first use.
    private static func secrets(
        of pool: DatabasePool,
        path: String,
        environment: [String: String]
    ) throws(StoreError) -> SecretBox {
        do {
            let query = "SELECT value FROM meta WHERE name = 'secret_check'"
            let sealed = try pool.read { database in try Data.fetchOne(database, sql: query) }
            let box = try SecretBox.load(beside: path, environment: environment, mayCreate: sealed == nil)
            if let sealed {
                _ = try box.open(sealed, place: secretCheck)
            } else {
                let made = try box.seal(secretCheck, place: secretCheck)
                // First: what is in the database says that there is such a file.
                try AuditHeadFile(beside: path, box).make(.start)
                try pool.write { database in
                    let sql = "INSERT INTO meta (name, value) VALUES ('secret_check', ?)"
                    try database.execute(sql: sql, arguments: [made])
                    try AuditLog(database: database, secrets: box).begin()
                }
            }
            return box
        } catch {
            throw StoreError(error)
        }
    }
}
