import Foundation
import GRDB

/// The audit table within a transaction: a chain in which each entry's hash covers the one before it.
///
/// The hashes are keyed with the store's secret, and the last one is kept a second time, sealed: who can write the
/// database alone can neither alter an entry, nor take one out, nor cut off the end, without it showing.
struct AuditLog {
    private static let head = "audit_head"
    private static let start = Data(repeating: 0, count: 32)

    let database: Database
    let secrets: SecretBox

    /// Adds the entries of one change.
    func append(_ drafts: [AuditDifference.Draft], by origin: ChangeOrigin, at milliseconds: Int64) throws {
        guard !drafts.isEmpty else { return }
        var (number, hash) = try last()
        for draft in drafts {
            number += 1
            let entry = AuditEntry(
                number: number,
                at: milliseconds,
                author: origin.author,
                address: origin.address,
                request: origin.request,
                action: draft.action,
                resource: draft.resource,
                tenant: draft.tenant,
                fields: draft.fields,
                before: draft.before,
                after: draft.after
            )
            hash = link(entry, after: hash)
            try insert(entry, hash)
        }
        try keepHead(number, hash)
    }

    /// Walks over the whole log.
    func verify() throws -> AuditVerdict {
        var verdict = AuditVerdict(entries: 0)
        var hash = Self.start
        let rows = try Row.fetchCursor(database, sql: "SELECT * FROM audit ORDER BY number")
        while let row = try rows.next() {
            verdict.entries += 1
            let number: Int64 = row["number"]
            guard number == verdict.entries else {
                return verdict.found("entry \(verdict.entries) is missing", at: verdict.entries)
            }
            guard let entry = AuditEntry(row) else { return verdict.found("entry \(number) is damaged", at: number) }
            hash = link(entry, after: hash)
            guard hash == row["hash"] else { return verdict.found("entry \(number) was altered", at: number) }
        }
        return try checkHead(verdict, hash)
    }

    private func checkHead(_ verdict: AuditVerdict, _ hash: Data) throws -> AuditVerdict {
        guard let (number, last) = try sealedHead() else {
            if verdict.entries == 0 { return verdict }
            return verdict.found("the sealed end of the log is missing", at: verdict.entries)
        }
        if number > verdict.entries {
            return verdict.found("the last \(number - verdict.entries) entries are missing", at: verdict.entries + 1)
        }
        guard number == verdict.entries, last == hash else {
            return verdict.found("the log does not end as it was sealed", at: verdict.entries)
        }
        return verdict
    }

    private func link(_ entry: AuditEntry, after hash: Data) -> Data {
        secrets.authentication(of: hash + Data(entry.covered.utf8), purpose: "audit")
    }

    private func last() throws -> (number: Int64, hash: Data) {
        let row = try Row.fetchOne(database, sql: "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")
        // What was cut off keeps its numbers: the gap shows where they went.
        let sealed = try sealedHead()
        guard let row else { return (sealed?.number ?? 0, Self.start) }
        let number: Int64 = row["number"]
        // Without its sealed end nobody knows how much was there: a gap says so for good.
        guard let sealed else { return (number + 1, row["hash"]) }
        return (max(number, sealed.number), row["hash"])
    }

    private func sealedHead() throws -> (number: Int64, hash: Data)? {
        let sql = "SELECT value FROM meta WHERE name = ?"
        guard let sealed = try Data.fetchOne(database, sql: sql, arguments: [Self.head]),
            let text = try? secrets.open(sealed, place: Self.head)
        else { return nil }
        let parts = text.split(separator: " ")
        guard parts.count == 2, let number = Int64(parts[0]), let hash = Data(base64Encoded: String(parts[1])) else {
            return nil
        }
        return (number, hash)
    }

    private func keepHead(_ number: Int64, _ hash: Data) throws {
        try database.execute(
            sql: "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            arguments: [
                Self.head, try secrets.seal("\(number) \(hash.base64EncodedString())", place: Self.head),
            ]
        )
    }

    private func insert(_ entry: AuditEntry, _ hash: Data) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO audit (number, at, author, address, request, action, kind, resource, tenant, fields, before,
                    after, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        )
        try statement.execute(
            arguments: [
                entry.number, entry.at, entry.author, entry.address, entry.request, entry.action.rawValue,
                entry.resource.kind.rawValue, entry.resource.path, entry.tenant,
                entry.fields.joined(separator: ","), entry.before, entry.after, hash,
            ]
        )
    }
}

extension AuditVerdict {
    fileprivate func found(_ reason: String, at number: Int64) -> AuditVerdict {
        AuditVerdict(entries: entries, firstBad: number, reason: reason)
    }
}

extension AuditEntry {
    /// `nil` for a row that this program has not written.
    init?(_ row: Row) {
        guard let action = Action(rawValue: row["action"]), let kind = ResourceReference.Kind(rawValue: row["kind"])
        else { return nil }
        let fields: String = row["fields"]
        self.init(
            number: row["number"],
            at: row["at"],
            author: row["author"],
            address: row["address"],
            request: row["request"],
            action: action,
            resource: ResourceReference(kind, row["resource"]),
            tenant: row["tenant"],
            fields: fields.split(separator: ",").map(String.init),
            before: row["before"],
            after: row["after"]
        )
    }
}
