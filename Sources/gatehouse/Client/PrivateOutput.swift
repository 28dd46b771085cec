import Foundation

/// What commands keep of captures on a disk: nobody but its owner reads it.
enum PrivateOutput {
    /// Makes a folder, and those above it that are missing, with mode 0700.
    static func makeFolder(_ path: String) throws(ClientError) {
        var isFolder: ObjCBool = false
        if unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
            guard !isFolder.boolValue else { return }
            throw ClientError("\(path) is a file, not a folder", details: ["name a folder, or one to be made"])
        }
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        if parent != path { try makeFolder(parent) }
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
            let details = ["name one where you may make folders"]
            throw ClientError("the folder \(path) cannot be made: \(reason)", details: details)
        }
    }

    /// Whether a file can be written, before the work that it is for; leaves nothing behind.
    static func check(_ path: String) throws(ClientError) {
        let known = kind(path)
        // For its reader, a pipe that is opened and closed has ended.
        if let known, known != .typeRegular, known != .typeDirectory { return }
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw unwritable(path) }
        close(descriptor)
        if known == nil { _ = unsafe unlink(path) }
    }

    /// Writes a file with mode 0600, over one that is there, from which it takes others' rights.
    static func put(_ bytes: some Sequence<UInt8>, to path: String) throws(ClientError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw unwritable(path) }
        defer { close(descriptor) }
        if kind(path) == .typeRegular, fchmod(descriptor, 0o600) != 0 || ftruncate(descriptor, 0) != 0 {
            throw unwritable(path)
        }
        guard append(Array(bytes), to: descriptor) else { throw unwritable(path) }
    }

    /// - Returns: false when the system did not take all; `errno` says why.
    static func append(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }

    /// Why the system refused what was just asked of it.
    static var reason: String { unsafe String(cString: strerror(errno)) }

    /// `nil` where nothing is there.
    private static func kind(_ path: String) -> FileAttributeType? {
        let path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        return (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
    }

    private static func unwritable(_ path: String) -> ClientError {
        ClientError(
            "\(path) cannot be written: \(reason)",
            details: ["name a file in a folder that is there and that you may write to"]
        )
    }
}
