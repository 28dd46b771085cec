import Foundation
import GRDB

/// The schema's history.
///
/// Entries are only ever appended; one that was released never changes.
struct Migrations: Sendable {
    /// One step, in SQL.
    struct Step: Sendable {
        let identifier: String
        let sql: String
    }

    /// `PRAGMA application_id` of a store: "Gate".
    static let applicationID: Int64 = 0x4761_7465

    static let current = Migrations(
        steps: [
            Step(identifier: "1 configuration", sql: ConfigurationSchema.sql),
            Step(identifier: "2 access", sql: AccessSchema.sql),
            Step(identifier: "3 serving", sql: ServingSchema.sql),
            Step(identifier: "4 traffic", sql: TrafficSchema.sql),
            Step(identifier: "5 operators", sql: OperatorSchema.sql),
            Step(identifier: "6 azure", sql: AzureSchema.sql),
            Step(identifier: "7 reach", sql: ReachSchema.sql),
            Step(identifier: AuditSchema.identifier, sql: AuditSchema.sql),
            Step(identifier: "9 queue", sql: QueueSchema.sql),
            Step(identifier: "10 sticky", sql: StickySchema.sql),
            Step(identifier: "11 retired keys", sql: RetiredKeySchema.sql),
            Step(identifier: "12 deployment secrets", sql: DeploymentSecretSchema.sql),
            Step(identifier: "13 native bounds", sql: NativeBoundsSchema.sql),
            Step(identifier: "14 endpoint ages", sql: EndpointAgeSchema.sql),
            Step(identifier: "15 instance scale", sql: InstanceScaleSchema.sql),
            Step(identifier: "16 pulled models", sql: PulledModelSchema.sql),
            Step(identifier: "17 capture", sql: CaptureRuleSchema.sql),
            Step(identifier: "18 monitor", sql: MonitorSchema.sql),
        ]
    )

    let steps: [Step]

    private var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for step in steps {
            migrator.registerMigration(step.identifier) { database in try database.execute(sql: step.sql) }
        }
        return migrator
    }

    /// Brings the database to this schema; one that is older and not empty is copied first.
    func migrate(_ pool: DatabasePool, path: String) throws(StoreError) {
        do {
            let state = try pool.read(examine)
            if let reason = state.refusal { throw StoreError.unavailable("\(path) \(reason)") }
            if state.isCurrent { return }
            if let last = state.last { try backUp(pool, to: "\(path).before-\(Self.fileName(of: last))") }
            try migrator.migrate(pool)
        } catch {
            throw StoreError(error)
        }
    }

    /// Whether the database is a store that waits for this step.
    func isOlder(_ pool: DatabasePool, than identifier: String) throws(StoreError) -> Bool {
        guard steps.contains(where: { $0.identifier == identifier }) else { return false }
        do {
            return try pool.read { database in
                let state = try examine(database)
                guard state.refusal == nil, state.last != nil else { return false }
                return try !migrator.appliedMigrations(database).contains(identifier)
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// What is wrong with a database that is only looked at; `nil` when it can be opened.
    func refusal(of database: Database) throws -> String? {
        try examine(database).refusal
    }

    private struct State: Sendable {
        var refusal: String?
        var isCurrent = false
        /// The newest step that the database has.
        var last: String?
    }

    private func examine(_ database: Database) throws -> State {
        var state = State()
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema WHERE type = 'table'") ?? 0
        if tables == 0 { return state }
        guard try Int64.fetchOne(database, sql: "PRAGMA application_id") == Self.applicationID else {
            state.refusal = "is a SQLite database, but not a Gatehouse store; name another file"
            return state
        }
        if try migrator.hasBeenSuperseded(database) {
            state.refusal =
                "has a newer schema than this version of gatehouse knows; run the newer version, or restore a backup"
        }
        state.isCurrent = try migrator.hasCompletedMigrations(database)
        state.last = try migrator.appliedMigrations(database).last
        return state
    }

    /// A whole copy in one file, mode 0600, put in place at once.
    ///
    /// One with that name holds the same schema and is replaced.
    private func backUp(_ pool: DatabasePool, to path: String) throws {
        let draft = "\(path).\(UUID().uuidString)"
        try PrivateFile.makeEmpty(draft)
        defer { _ = unsafe unlink(draft) }
        let copy = try DatabaseQueue(path: draft)
        try pool.backup(to: copy)
        try copy.writeWithoutTransaction { database in try database.execute(sql: "PRAGMA journal_mode = DELETE") }
        try copy.close()
        guard unsafe rename(draft, path) == 0 else { throw StoreError.unavailable("the backup \(path) cannot be made") }
    }

    private static func fileName(of identifier: String) -> String {
        String(identifier.map { $0.isLetter || $0.isNumber ? $0 : "-" })
    }
}

extension StoreError {
    /// What a database call threw, as the store's own error.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let problem as Problem: self = .invalid([problem])
        case let error as DatabaseError:
            // Only SQLite's own words: `description` would hold the statement's arguments.
            self = .unavailable("the database refused: \(error.message ?? "code \(error.extendedResultCode.rawValue)")")
        default: self = .unavailable("the database cannot be used: \(error)")
        }
    }
}
