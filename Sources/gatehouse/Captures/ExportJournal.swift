import Foundation
import GatewayAdmin
import GatewayStore

/// How far a continuous export has come: a file in its folder, whole and on the disk before the next step is taken.
struct ExportJournal: Codable, Equatable {
    private static let name = ".gatehouse-export.json"

    var format: ExportFormat
    /// Whose captures a command exported; `nil` = all tenants', as they come.
    var tenant: String?
    /// The last capture whose lines are all in their files.
    var exported: Int64 = 0
    /// The files that are being written, and how long each was before.
    var writing: [String: Int64] = [:]
    /// The system's run in which it was written; `nil` where that is not known.
    var boot: String?

    init(format: ExportFormat, tenant: String? = nil) {
        self.format = format
        self.tenant = tenant
    }

    /// `nil` where none has begun.
    static func read(in folder: String) throws -> ExportJournal? {
        let path = "\(folder)/\(name)"
        guard let text = try PrivateFile.read(path) else { return nil }
        guard let journal = try? JSONDecoder().decode(ExportJournal.self, from: Data(text.utf8)) else {
            throw ClientError("\(path) cannot be read", details: ["name another folder"])
        }
        return journal
    }

    func write(in folder: String) throws {
        let path = "\(folder)/\(Self.name)"
        try PrivateOutput.makeFolder(folder)
        try PrivateFile.replace(path, text: String(decoding: try JSONEncoder().encode(self), as: UTF8.self))
    }

    /// What is there already, and what is to come, must be of one kind.
    func check(_ format: ExportFormat, of tenant: String?, in folder: String) throws(ClientError) {
        guard self.format != format || self.tenant != tenant else { return }
        let owner = self.tenant.map { "the tenant \($0)" } ?? "all tenants, as captures come"
        throw ClientError(
            "\(folder) has an export in the format \(self.format.rawValue), of \(owner)",
            details: ["name another folder"]
        )
    }
}

/// Puts captures into files, each once, whatever stops it in between.
struct ContinuousExport: Sendable {
    private let folder: ExportFolder
    private var journal: ExportJournal

    /// The last capture that is in the files.
    var exported: Int64 { journal.exported }

    /// Goes on where the last one stopped; what that had begun and not finished is taken back, and comes again.
    ///
    /// - Parameters:
    ///   - lastNumber: of all captures; there are fewer than were exported where their file was replaced.
    ///   - atBoot: the same when this run of the system began. A power cut may have taken captures back that were exported, and
    ///     their numbers may have been given out anew since.
    ///   - boot: this run of the system's.
    init(_ directory: String, _ format: ExportFormat, lastNumber: Int64, atBoot: Int64, boot: String? = SystemRun.id)
        throws
    {
        let journal = try ExportJournal.read(in: directory) ?? ExportJournal(format: format)
        try journal.check(format, of: nil, in: directory)
        try self.init(directory, goingOnWith: journal)
        // Within one run of the system none is taken back, and another process may have exported what came since.
        self.journal.exported = min(journal.exported, lastNumber)
        if let before = journal.boot, let boot, before != boot {
            self.journal.exported = min(self.journal.exported, atBoot)
        }
        self.journal.boot = boot
        try self.journal.write(in: directory)
    }

    /// Takes back what was begun and not finished.
    init(_ directory: String, goingOnWith journal: ExportJournal) throws {
        folder = ExportFolder(root: directory)
        for (file, length) in journal.writing { try folder.cut(file, to: length) }
        self.journal = journal
        self.journal.writing = [:]
    }

    /// Once it has thrown, it must be made anew.
    mutating func write(_ lines: [ExportedLine], upTo capture: Int64) throws {
        for file in Set(lines.map(\.file)) { journal.writing[file] = try folder.length(of: file) }
        try journal.write(in: folder.root)
        try folder.append(lines)
        journal.writing = [:]
        journal.exported = capture
        try journal.write(in: folder.root)
    }
}

/// A folder that one process at a time works in: after a hand-over the next one waits for it.
final class FolderLock: Sendable {
    static let name = ".gatehouse-export.lock"

    private let descriptor: CInt

    /// `nil` while another has it.
    init?(_ folder: String) throws {
        let path = "\(folder)/\(Self.name)"
        try PrivateOutput.makeFolder(folder)
        let descriptor = unsafe open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ClientError("\(path) cannot be opened: \(PrivateOutput.reason)")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
