import GRDB
import Logging

extension Store {
    /// A change and what the audit log says of it: both in one transaction, or nothing.
    ///
    /// Runs on the writer thread.
    ///
    /// - Parameter body: makes the change; false takes everything back.
    func audited(
        in database: Database,
        _ drafts: [AuditDifference.Draft],
        by origin: ChangeOrigin,
        _ body: () throws -> Bool
    ) throws {
        var step: AuditLog.Step?
        try database.inTransaction(.immediate) {
            let log = AuditLog(database: database, secrets: secrets)
            let made = try log.append(drafts, by: origin, at: WallClock.milliseconds)
            guard try body() else { return .rollback }
            step = made
            return .commit
        }
        if let step { keepHead(step) }
    }

    /// The change is done: a file that cannot be written stays behind, which is no sign of anything.
    private func keepHead(_ step: AuditLog.Step) {
        do throws(StoreError) {
            guard try !headFile.advance(from: step.old, to: step.new) else { return }
            logger.error("the audit log does not fit audit.head; run: gatehouse audit verify")
        } catch {
            logger.error("the head of the audit log cannot be written", metadata: ["reason": "\(error)"])
        }
    }
}
