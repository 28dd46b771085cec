import Foundation
import GatewayAdmin

/// A folder of exported files, which nobody but their owner reads.
struct ExportFolder: Sendable {
    let root: String

    /// Appends lines to their files and makes those that are missing; they are on the disk when it returns.
    ///
    /// Once it has thrown, the files are as they were, unless the disk does not even let that be done.
    func append(_ lines: [ExportedLine]) throws {
        var lengths: [String: Int64] = [:]
        do {
            for (file, bytes) in Self.contents(of: lines) {
                lengths[file] = try length(of: file)
                try append(bytes, to: file)
            }
        } catch {
            for (file, length) in lengths { try? cut(file, to: length) }
            throw error
        }
    }

    private func append(_ bytes: [UInt8], to file: String) throws {
        let path = try path(of: file)
        try PrivateOutput.makeFolder(path.deletingLastPathComponent().path)
        try Self.append(bytes, at: path.path)
    }

    /// Bytes of a file; 0 when there is none.
    func length(of file: String) throws -> Int64 {
        let path = try path(of: file).path
        let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        if descriptor >= 0 {
            defer { close(descriptor) }
            return Int64(lseek(descriptor, 0, SEEK_END))
        }
        // A folder that cannot be read now may have the file all the same.
        guard errno == ENOENT else { throw Self.problem("looked at", path) }
        return 0
    }

    /// Takes off what a file has behind its first bytes, and the file where that is all.
    func cut(_ file: String, to length: Int64) throws {
        let path = try path(of: file).path
        guard FileManager.default.fileExists(atPath: path) else { return }
        let isDone = unsafe length > 0 ? truncate(path, off_t(length)) == 0 : unlink(path) == 0
        guard isDone else { throw Self.problem("cut", path) }
    }

    /// Whether there is nothing in it but what keeps others out.
    var isEmpty: Bool {
        ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).allSatisfy { $0 == FolderLock.name }
    }

    /// What each file gets, in the order of the lines.
    private static func contents(of lines: [ExportedLine]) -> [(file: String, bytes: [UInt8])] {
        Dictionary(grouping: lines, by: \.file).sorted { $0.key < $1.key }.map { file, lines in
            (file, lines.flatMap { Array($0.text.utf8) + [0x0a] })
        }
    }

    /// The names may come from another machine: none leads out of the folder.
    private func path(of file: String) throws -> URL {
        // Byte by byte, as the file system does: to a string a slash with an accent is another character.
        let parts = file.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String($0) ?? "" }
        guard parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0) }) else {
            throw ClientError("\(file.debugDescription) is not the name of an exported file")
        }
        return parts.reduce(URL(fileURLWithPath: root)) { $0.appendingPathComponent($1) }
    }

    private static func append(_ bytes: [UInt8], at path: String) throws {
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC
        let descriptor = unsafe open(path, flags, 0o600)
        guard descriptor >= 0 else { throw problem("opened", path) }
        defer { close(descriptor) }
        guard PrivateOutput.append(bytes, to: descriptor), fsync(descriptor) == 0 else {
            throw problem("written", path)
        }
    }

    private static func problem(_ what: String, _ path: String) -> ClientError {
        ClientError("\(path) cannot be \(what): \(PrivateOutput.reason)")
    }
}
