import Crypto
import Foundation

/// Size and SHA-256 of a file, read in pieces: a model may be larger than memory.
package struct FileDigest: Sendable, Equatable {
    private static let piece = 4 << 20

    package let size: Int64
    /// Lower-case hex.
    package let sha256: String

    /// Blocks until the file is read.
    ///
    /// - Parameter isWanted: asked before each piece.
    /// - Throws: a cancellation when it is not wanted any more.
    package init(path: String, while isWanted: () -> Bool = { true }) throws {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw StoreError.unavailable("\(path) cannot be read")
        }
        defer { try? file.close() }
        var hash = SHA256()
        var size: Int64 = 0
        while let bytes = try file.read(upToCount: Self.piece), !bytes.isEmpty {
            guard isWanted() else { throw CancellationError() }
            hash.update(data: bytes)
            size += Int64(bytes.count)
        }
        self.size = size
        sha256 = Self.text(of: hash.finalize())
    }

    /// Lower-case hex.
    package static func text(of digest: some Sequence<UInt8>) -> String {
        digest.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0\(text)" : text
        }.joined()
    }
}
