import Crypto
import Foundation
import GatewayStore

/// Writes files one behind the other into a new one.
struct BlobJoin {
    private static let piece = 4 << 20

    let parts: [String]

    /// - Returns: lower-case hex SHA-256 of the whole.
    func write(to path: String) throws -> String {
        guard
            FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let output = FileHandle(forWritingAtPath: path)
        else { throw APIError(.failed, "the blob could not be written") }
        defer { try? output.close() }
        var hash = SHA256()
        for part in parts {
            guard let input = FileHandle(forReadingAtPath: part) else {
                throw APIError(.failed, "a block cannot be read")
            }
            defer { try? input.close() }
            while let bytes = try input.read(upToCount: Self.piece), !bytes.isEmpty {
                hash.update(data: bytes)
                try output.write(contentsOf: bytes)
            }
        }
        return FileDigest.text(of: hash.finalize())
    }
}
