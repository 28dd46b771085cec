import Foundation
import GRDB

/// The audit table within a transaction: a chain in which each entry's hash covers the one before it.
///
/// The hashes are keyed with the store's secret, and the last one is kept a second time, sealed: who can write the
/// database alone can neither alter an entry, nor take one out, nor cut off the end, without it showing. Against an end that
/// was put back with the sealed one of that time, it is kept a third time, outside (`AuditHeadFile`).
struct AuditLog {
    /// From one end of the log to the next.
    struct Step {
        let old: AuditHead
        let new: AuditHead
    }

    /// A head that was noted, and where.
    struct Anchor {
        let head: AuditHead
        let place: String
    }

    private static let head = "audit_head"

    let database: Database
    let secrets: SecretBox

    /// Adds the entries of one change.
    ///
    /// - Returns: `nil` where there was nothing to add.
    func append(_ drafts: [AuditDifference.Draft], by origin: ChangeOrigin, at milliseconds: Int64) throws -> Step? {
        guard !drafts.isEmpty else { return nil }
        let old = try last()
        var (number, hash) = (old.number, old.hash)
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
        let new = AuditHead(number: number, hash: hash)
        try keepHead(new)
        return Step(old: old, new: new)
    }

    /// Walks over the whole log.
    ///
    /// - Parameter anchors: heads that it must have gone through.
    func verify(against anchors: [Anchor]) throws -> AuditVerdict {
        var verdict = AuditVerdict(entries: 0)
        var hash = AuditHead.start.hash
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
            if let anchor = anchors.first(where: { $0.head.number == number && $0.head.hash != hash }) {
                return verdict.found("entry \(number) is not the one that \(anchor.place) knows", at: number)
            }
        }
        verdict = try checkHead(verdict, hash)
        guard verdict.isGood, let lost = anchors.first(where: { $0.head.number > verdict.entries }) else {
            return verdict
        }
        let reason =
            "the log ends at entry \(verdict.entries), and \(lost.place) knows entry \(lost.head.number): it was cut back, or "
            + "an older copy of the store was put in its place"
        return verdict.found(reason, at: verdict.entries + 1)
    }

    /// Seals the end of a log that has no entries and no end yet.
    func begin() throws {
        let hasTable = try database.tableExists("audit")
        let isEmpty = try !hasTable || Row.fetchOne(database, sql: "SELECT 1 FROM audit LIMIT 1") == nil
        if isEmpty, try sealedHead() == nil { try keepHead(.start) }
    }

    func hash(of number: Int64) throws -> Data? {
        try Data.fetchOne(database, sql: "SELECT hash FROM audit WHERE number = ?", arguments: [number])
    }

    private func checkHead(_ verdict: AuditVerdict, _ hash: Data) throws -> AuditVerdict {
        guard let sealed = try sealedHead() else {
            return verdict.found("the sealed end of the log is missing", at: verdict.entries)
        }
        let lost = sealed.number - verdict.entries
        if lost > 0 { return verdict.found("the last \(lost) entries are missing", at: verdict.entries + 1) }
        guard lost == 0, sealed.hash == hash else {
            return verdict.found("the log does not end as it was sealed", at: verdict.entries)
        }
        var verdict = verdict
        verdict.head = sealed
        return verdict
    }

    private func link(_ entry: AuditEntry, after hash: Data) -> Data {
        secrets.authentication(of: hash + Data(entry.covered.utf8), purpose: "audit")
    }

    private func last() throws -> AuditHead {
        let row = try Row.fetchOne(database, sql: "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")
        // What was cut off keeps its numbers: the gap shows where they went.
        let sealed = try sealedHead()
        guard let row else { return AuditHead(number: sealed?.number ?? 1, hash: AuditHead.start.hash) }
        let number: Int64 = row["number"]
        // Without its sealed end nobody knows how much was there: a gap says so for good.
        guard let sealed else { return AuditHead(number: number + 1, hash: row["hash"]) }
        return AuditHead(number: max(number, sealed.number), hash: row["hash"])
    }

    /// `nil` when it is missing, or was not sealed with this store's key.
    func sealedHead() throws -> AuditHead? {
        let sql = "SELECT value FROM meta WHERE name = ?"
        guard let sealed = try Data.fetchOne(database, sql: sql, arguments: [Self.head]),
            let text = try? secrets.open(sealed, place: Self.head)
        else { return nil }
        let parts = text.split(separator: " ")
        guard parts.count == 2, let number = Int64(parts[0]), let hash = Data(base64Encoded: String(parts[1])) else {
            return nil
        }
        return AuditHead(number: number, hash: hash)
    }

    private func keepHead(_ head: AuditHead) throws {
        try database.execute(
            sql: "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            arguments: [
                Self.head, try secrets.seal("\(head.number) \(head.hash.base64EncodedString())", place: Self.head),
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
