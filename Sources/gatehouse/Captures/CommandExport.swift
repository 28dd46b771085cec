import Foundation
import GatewayAPI
import GatewayAdmin

/// An export that a command makes or goes on with: of one tenant, in one format, each capture once.
struct CommandExport {
    private let lock: FolderLock
    private var files: ContinuousExport

    /// - Parameter after: goes on behind this capture; `nil` = all, into a new folder.
    init(_ folder: String, _ format: ExportFormat, of tenant: String, after: Int64?) throws {
        let isKnown = try ExportJournal.read(in: folder) != nil
        guard isKnown || ExportFolder(root: folder).isEmpty else {
            throw ClientError(
                "\(folder) is not empty, and no export with a journal is in it",
                details: ["name a new folder"]
            )
        }
        guard let lock = try FolderLock(folder) else {
            throw ClientError("an export into \(folder) is under way", details: ["wait for it, or name a new folder"])
        }
        self.lock = lock
        let journal = try ExportJournal.read(in: folder) ?? ExportJournal(format: format, tenant: tenant)
        try journal.check(format, of: tenant, in: folder)
        guard journal.exported <= after ?? 0 else {
            throw ClientError(
                "\(folder) is not empty: it has the captures up to \(journal.exported)",
                details: ["go on with --after \(journal.exported), or name a new folder"]
            )
        }
        files = try ContinuousExport(folder, goingOnWith: journal)
    }

    mutating func write(_ records: [ExportedRecordResource]) throws {
        guard let last = records.last else { return }
        try files.write(records.map { ExportedLine(file: $0.file, text: $0.line) }, upTo: last.id)
    }
}
