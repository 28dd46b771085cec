import Foundation
import Synchronization

/// The newest head of the audit log outside the database: `audit.head` beside the store, sealed with the store's key.
///
/// Written after each commit, so that it may be behind the log and never ahead of it: a log that ends before it, or that has
/// another entry in its place, was cut back. As soon as the log does not go on from what was written here, nothing is written
/// any more: what shows it stays.
final class AuditHeadFile: Sendable {
    private static let place = "audit_head_file"

    let path: String
    private let secrets: SecretBox
    /// What the next entry must follow; `nil` once something did not fit.
    private let known = Mutex<AuditHead?>(nil)

    init(beside store: String, _ secrets: SecretBox) {
        path = URL(fileURLWithPath: store).deletingLastPathComponent().appendingPathComponent("audit.head").path
        self.secrets = secrets
    }

    /// What is written; `nil` when the file is not there, or is not of this store.
    func read() -> AuditHead? {
        guard let text = try? PrivateFile.read(path), let sealed = Data(base64Encoded: text) else { return nil }
        return (try? secrets.open(sealed, place: Self.place)).flatMap { AuditHead($0) }
    }

    /// Makes the file where there is none yet: of a new store, and of one that knew no such file.
    func make(_ head: AuditHead) throws(StoreError) {
        guard try PrivateFile.read(path) == nil else { return }
        try write(head)
    }

    /// Takes up the log as it was found.
    ///
    /// - Parameter hash: of the entry with a number; `nil` when there is none.
    /// - Returns: whether it fits the file.
    func open(_ head: AuditHead?, hash: (_ number: Int64) throws -> Data?) throws -> Bool {
        guard let head, let written = read(), written.number <= head.number else { return false }
        let found = written.number == 0 ? written.hash : try hash(written.number)
        guard found == written.hash else { return false }
        if written != head { try write(head) }
        known.withLock { $0 = head }
        return true
    }

    /// After a commit, one at a time.
    ///
    /// - Returns: whether the log went on from where it was.
    func advance(from old: AuditHead, to new: AuditHead) throws(StoreError) -> Bool {
        let fits = known.withLock { known in
            let fits = known == old
            known = fits ? new : nil
            return fits
        }
        if fits { try write(new) }
        return fits
    }

    private func write(_ head: AuditHead) throws(StoreError) {
        try PrivateFile.replace(
            path,
            text: try secrets.seal(head.text, place: Self.place).base64EncodedString()
        )
    }
}
