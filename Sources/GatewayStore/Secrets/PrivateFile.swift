import Foundation

/// Files that only the gateway's account may read.
package enum PrivateFile {
    /// Makes the folder, mode 0700, when it is missing.
    package static func makeParent(of path: String) throws(StoreError) {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        do {
            try FileManager.default.createDirectory(
                atPath: parent,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw .unavailable("the folder \(parent) cannot be made: \(error.localizedDescription)")
        }
    }

    /// Makes an empty file with mode 0600 when it is missing; takes others' rights off one that is there.
    static func makeEmpty(_ path: String) throws(StoreError) {
        let descriptor = unsafe open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unavailable("\(path) cannot be opened for writing: \(reason())") }
        defer { close(descriptor) }
        guard fchmod(descriptor, 0o600) == 0 else {
            throw .unavailable("\(path) cannot be given mode 0600: \(reason())")
        }
    }

    /// Writes a file that must not be there yet; a crash leaves the whole file or none.
    ///
    /// - Returns: false when somebody else made it first.
    static func create(_ path: String, text: String) throws(StoreError) -> Bool {
        let draft = try draft(of: path, text)
        defer { _ = unsafe unlink(draft) }
        if unsafe link(draft, path) == 0 { return true }
        guard errno == EEXIST else { throw .unavailable("\(path) cannot be made: \(reason())") }
        return false
    }

    /// Writes a file, over one that is there; a crash leaves the old one or the new one, whole.
    package static func replace(_ path: String, text: String) throws(StoreError) {
        let draft = try draft(of: path, text)
        guard unsafe rename(draft, path) != 0 else { return }
        let reason = reason()
        _ = unsafe unlink(draft)
        throw .unavailable("\(path) cannot be written: \(reason)")
    }

    /// A file beside that holds the text, safe on the disk.
    private static func draft(of path: String, _ text: String) throws(StoreError) -> String {
        let draft = "\(path).\(UUID().uuidString)"
        let descriptor = unsafe open(draft, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unavailable("\(path) cannot be made: \(reason())") }
        let bytes = Array("\(text)\n".utf8)
        let written = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        let isSafe = written == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        guard isSafe else {
            let reason = reason()
            _ = unsafe unlink(draft)
            throw .unavailable("\(path) cannot be written: \(reason)")
        }
        return draft
    }

    /// The file's text without white space around it; `nil` when there is no such file.
    package static func read(_ path: String) throws(StoreError) -> String? {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return nil }
        if let mode = attributes[.posixPermissions] as? Int, mode & 0o077 != 0 {
            throw .unavailable("\(path) may be read by others; run: chmod 600 \(path)")
        }
        guard let bytes = FileManager.default.contents(atPath: path), let text = String(data: bytes, encoding: .utf8)
        else {
            throw .unavailable("\(path) cannot be read as text")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func reason() -> String {
        unsafe String(cString: strerror(errno))
    }
}
