import Crypto
import Foundation
import GatewayAdmin
import GatewayStore
import NIOCore
import Synchronization

/// A file that grows as its bytes come, with their checksum; what an earlier try has left is gone on with.
///
/// Beside it lies a note of what it is a part of.
final class DownloadFile: Sendable {
    /// What the other side said of the content that the part is of.
    struct Note: Codable, Equatable {
        /// A strong entity tag.
        var tag: String?
        /// Lower-case hex SHA-256, where the hub tells it.
        var sha256: String?
        var total: Int64?
    }

    private struct State {
        var file: FileHandle
        var hash = SHA256()
        var count: Int64 = 0
        /// What room was found for.
        var bound: Int64?
    }

    private static let piece = 4 << 20

    let path: String
    private let state: Mutex<State>

    /// Opens or makes it.
    init(path: String) throws {
        self.path = path
        if !FileManager.default.fileExists(atPath: path) {
            guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
            else {
                throw Self.problem(path)
            }
        }
        guard let file = FileHandle(forUpdatingAtPath: path) else { throw Self.problem(path) }
        state = Mutex(State(file: file))
    }

    var count: Int64 { state.withLock { $0.count } }

    /// Lower-case hex SHA-256 of what is there.
    var sha256: String { FileDigest.text(of: state.withLock { $0.hash }.finalize()) }

    /// What is there of an earlier try, unless there is no note of what it is; `takeUpMore` reads it.
    func takeUp() throws -> Note? {
        guard let note = readNote(), note.tag != nil || note.sha256 != nil else {
            try restart()
            return nil
        }
        try state.withLock { state in
            try state.file.seek(toOffset: 0)
            (state.hash, state.count) = (SHA256(), 0)
        }
        return note
    }

    /// Reads one more piece of what is there; blocks meanwhile.
    ///
    /// - Returns: whether there may be more.
    func takeUpMore() throws -> Bool {
        try state.withLock { state in
            guard let bytes = try state.file.read(upToCount: Self.piece), !bytes.isEmpty else { return false }
            state.hash.update(data: bytes)
            state.count += Int64(bytes.count)
            return true
        }
    }

    /// Begins with nothing.
    func restart() throws {
        try state.withLock { state in
            try state.file.truncate(atOffset: 0)
            (state.hash, state.count) = (SHA256(), 0)
        }
        try? FileManager.default.removeItem(atPath: notePath)
    }

    /// Says how many bytes it may have; `nil`: nobody knows.
    func bound(to count: Int64?) { state.withLock { $0.bound = count } }

    /// - Throws: where more comes than it may have; what is there is worth nothing then.
    func write(_ bytes: ByteBuffer) throws {
        let data = Data(bytes.readableBytesView)
        if let bound = state.withLock({ $0.bound }), Int64(data.count) > bound - count {
            try restart()
            throw ModelPullProblem(.unreachable, "the server sends more than the \(bound) bytes that it said")
        }
        try state.withLock { state in
            try state.file.write(contentsOf: data)
            state.hash.update(data: data)
            state.count += Int64(data.count)
        }
    }

    /// All of it is on the disk when this returns; the note stays until it is in its place.
    func finish() throws { try state.withLock { try $0.file.synchronize() } }

    /// What is there is good for nothing.
    func discard() {
        try? FileManager.default.removeItem(atPath: path)
        try? FileManager.default.removeItem(atPath: notePath)
    }

    func writeNote(_ note: Note) throws {
        try JSONEncoder().encode(note).write(to: URL(fileURLWithPath: notePath), options: .atomic)
    }

    private var notePath: String { path + ".json" }

    private func readNote() -> Note? {
        guard let data = FileManager.default.contents(atPath: notePath) else { return nil }
        return try? JSONDecoder().decode(Note.self, from: data)
    }

    private static func problem(_ path: String) -> ModelPullProblem {
        ModelPullProblem(.failed, "\(path) cannot be written")
    }
}
