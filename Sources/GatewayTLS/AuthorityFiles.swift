import Foundation

/// The local authority's files; secrets never exist with a mode wider than 0600.
struct AuthorityFiles {
    let directory: String

    var authority: String { directory + "/ca.pem" }
    var authorityKey: String { directory + "/ca.key" }
    var server: String { directory + "/server.pem" }
    var serverKey: String { directory + "/server.key" }

    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    func makeDirectory() throws(TLSError) {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw .authority("\(directory) cannot be made: \(error.localizedDescription)")
        }
    }

    /// Writes a new file beside the old one and renames it over it, so that no reader sees half a file.
    func write(_ text: String, to path: String, isSecret: Bool) throws(TLSError) {
        let fresh = path + ".new"
        _ = unsafe unlink(fresh)
        let descriptor = unsafe open(
            fresh,
            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
            isSecret ? 0o600 : 0o644
        )
        guard descriptor >= 0 else { throw failure(path) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try file.write(contentsOf: Data(text.utf8))
            try file.synchronize()
            try file.close()
        } catch {
            _ = unsafe unlink(fresh)
            throw failure(path)
        }
        guard unsafe rename(fresh, path) == 0 else { throw failure(path) }
    }

    private func failure(_ path: String) -> TLSError {
        .authority("\(path) cannot be written: \(unsafe String(cString: strerror(errno)))")
    }
}
