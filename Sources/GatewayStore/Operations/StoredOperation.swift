import Foundation
import GRDB

/// An operation as a row of the database.
struct StoredOperation {
    let id: String
    let resource: String
    let tenants: [String]
    let state: ControlOperation.State
    let startedAt: Int64
    let finishedAt: Int64?
    let targets: [ControlOperation.Target]
    let steps: [ControlOperation.Step]
    let failure: ControlOperation.Failure?
    let isWork: Bool

    init(_ operation: ControlOperation) {
        id = operation.id
        resource = operation.resource
        tenants = operation.tenants
        state = operation.state
        startedAt = operation.startedAt
        finishedAt = operation.finishedAt
        targets = operation.targets
        steps = operation.steps
        failure = operation.failure
        isWork = operation.isWork
    }

    init(_ row: Row) throws {
        id = row["id"]
        let place = "operation \(id)"
        resource = row["resource"]
        tenants = try StoredJSON.value([String].self, row["tenants"], place: place)
        guard let state = ControlOperation.State(rawValue: row["state"]) else {
            throw StoreError.unavailable("\(place) is damaged in the database")
        }
        self.state = state
        startedAt = row["started_at"]
        finishedAt = row["finished_at"]
        targets = try StoredJSON.value([ControlOperation.Target].self, row["targets"], place: place)
        steps = try StoredJSON.value([ControlOperation.Step].self, row["steps"], place: place)
        failure = try (row["failure"] as String?).map {
            try StoredJSON.value(ControlOperation.Failure.self, $0, place: place)
        }
        isWork = row["is_work"]
    }

    /// Adds the row, or brings it up to date.
    func write(to database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO operations (
                    id, resource, tenants, state, started_at, finished_at, targets, steps, failure, is_work
                ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET state = excluded.state, finished_at = excluded.finished_at,
                    targets = excluded.targets, steps = excluded.steps, failure = excluded.failure
                """
        )
        try statement.execute(
            arguments: [
                id, resource, try StoredJSON.text(tenants), state.rawValue, startedAt, finishedAt,
                try StoredJSON.text(targets), try StoredJSON.text(steps), try failure.map { try StoredJSON.text($0) },
                isWork,
            ]
        )
    }
}
