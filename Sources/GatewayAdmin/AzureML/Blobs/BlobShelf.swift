import Crypto
import Foundation
import GatewayStore
import NIOPosix

/// Reads and writes blobs as files: `files/…` as they are named, what is said of them in `metadata/`, what is not whole yet
/// in `staging/`.
///
/// Everything here blocks on the disk; callers run it on the thread pool.
struct BlobShelf: Sendable {
    /// What is known of a blob.
    struct Properties: Sendable, Equatable {
        var size: Int64
        /// Seconds since 1970.
        var modifiedAt: Int64
        var metadata: [String: String]

        var tag: String { "\"0x\(String(modifiedAt, radix: 16).uppercased())\(String(size, radix: 16).uppercased())\"" }
    }

    /// Unfinished uploads that are older are nobody's.
    private static let staleAfter: TimeInterval = 86_400
    private static let mostListed = 100_000
    private static let piece = 4 << 20

    let folder: ArtifactFolder
    let allowance: BlobAllowance

    private var files: FileManager { .default }

    func properties(of blob: BlobName) -> Properties? {
        let path = folder.path(of: blob)
        guard let attributes = try? files.attributesOfItem(atPath: path),
            attributes[.type] as? FileAttributeType == .typeRegular,
            let size = (attributes[.size] as? NSNumber)?.int64Value
        else { return nil }
        let modified = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        return Properties(size: size, modifiedAt: Int64(modified), metadata: metadata(of: blob))
    }

    /// A path for bytes that come, with room taken for them.
    func stage(_ bytes: Int64, for tenant: String) throws -> String {
        let staging = "\(folder.folder(of: tenant))/staging"
        try make(staging)
        try allowance.reserve(bytes, for: tenant, free: free(staging)) {
            removeStale(staging)
            return measure(folder.folder(of: tenant))
        }
        return "\(staging)/\(UUID().uuidString.lowercased())"
    }

    /// Gives the room back and removes what came.
    func discard(_ staged: String, _ bytes: Int64, for tenant: String) {
        try? files.removeItem(atPath: staged)
        allowance.release(bytes, for: tenant)
    }

    /// Puts a staged file in a blob's place.
    func place(_ staged: String, at blob: BlobName, metadata: [String: String]) throws {
        let path = folder.path(of: blob)
        let replaced = properties(of: blob)?.size ?? 0
        do {
            try make(URL(fileURLWithPath: path).deletingLastPathComponent().path)
            guard unsafe rename(staged, path) == 0 else {
                throw APIError(.conflict, "\(blob.text) is a folder already")
            }
        } catch let error as CocoaError {
            throw APIError(.conflict, "\(blob.text) lies below what is a file already: \(error.code.rawValue)")
        }
        allowance.release(replaced, for: blob.tenant)
        try setMetadata(metadata, of: blob)
    }

    /// Keeps a staged file as one block of a blob.
    func keepBlock(_ staged: String, id: String, of blob: BlobName) throws {
        let parts = blocks(of: blob)
        try make(parts)
        let path = "\(parts)/\(Self.digest(id))"
        let replaced = size(of: path)
        guard unsafe rename(staged, path) == 0 else { throw APIError(.failed, "the block could not be kept") }
        allowance.release(replaced, for: blob.tenant)
    }

    /// Makes a blob of its blocks.
    func commit(_ list: BlockList, to blob: BlobName, metadata: [String: String]) throws {
        let parts = blocks(of: blob)
        let paths = list.ids.map { "\(parts)/\(Self.digest($0))" }
        guard let missing = zip(list.ids, paths).first(where: { !files.fileExists(atPath: $0.1) })?.0 else {
            let whole = "\(folder.folder(of: blob.tenant))/staging/\(UUID().uuidString.lowercased())"
            defer { try? files.removeItem(atPath: whole) }
            try join(paths, to: whole)
            let (size, staged) = (size(of: whole), measure(parts))
            try place(whole, at: blob, metadata: metadata)
            try? files.removeItem(atPath: parts)
            allowance.release(staged - size, for: blob.tenant)
            return
        }
        throw APIError(.invalid, "the block \(missing.debugDescription) was not uploaded")
    }

    func setMetadata(_ metadata: [String: String], of blob: BlobName) throws {
        try make("\(folder.folder(of: blob.tenant))/metadata")
        try JSONEncoder().encode(metadata).write(to: metadataFile(of: blob), options: .atomic)
    }

    /// The blobs of a tenant whose names begin so, in their order.
    func list(_ tenant: String, prefix: String) -> [BlobName] {
        let root = "\(folder.folder(of: tenant))/files"
        guard let found = files.enumerator(atPath: root) else { return [] }
        var names: [String] = []
        for case let name as String in found.lazy.prefix(Self.mostListed) where name.hasPrefix(prefix) {
            names.append(name)
        }
        return names.sorted().compactMap { BlobName(tenant: tenant, plain: $0) }.filter { properties(of: $0) != nil }
    }
}

extension BlobShelf {
    private func blocks(of blob: BlobName) -> String {
        "\(folder.folder(of: blob.tenant))/staging/blocks-\(Self.digest(blob.text))"
    }

    private func metadataFile(of blob: BlobName) -> URL {
        URL(fileURLWithPath: "\(folder.folder(of: blob.tenant))/metadata/\(Self.digest(blob.text)).json")
    }

    private func metadata(of blob: BlobName) -> [String: String] {
        let bytes = try? Data(contentsOf: metadataFile(of: blob))
        return bytes.flatMap { try? JSONDecoder().decode([String: String].self, from: $0) } ?? [:]
    }

    private func make(_ path: String) throws {
        try files.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    private func join(_ parts: [String], to path: String) throws {
        guard files.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let output = FileHandle(forWritingAtPath: path)
        else { throw APIError(.failed, "the blob could not be written") }
        defer { try? output.close() }
        for part in parts {
            guard let input = FileHandle(forReadingAtPath: part) else {
                throw APIError(.failed, "a block cannot be read")
            }
            defer { try? input.close() }
            while let bytes = try input.read(upToCount: Self.piece), !bytes.isEmpty {
                try output.write(contentsOf: bytes)
            }
        }
    }

    private func size(of path: String) -> Int64 {
        ((try? files.attributesOfItem(atPath: path))?[.size] as? NSNumber)?.int64Value ?? 0
    }

    /// Bytes of all files below a folder.
    private func measure(_ path: String) -> Int64 {
        guard let found = files.enumerator(atPath: path) else { return 0 }
        var sum: Int64 = 0
        for case let name as String in found {
            let attributes = try? files.attributesOfItem(atPath: "\(path)/\(name)")
            guard attributes?[.type] as? FileAttributeType == .typeRegular else { continue }
            sum += (attributes?[.size] as? NSNumber)?.int64Value ?? 0
        }
        return sum
    }

    private func free(_ path: String) -> Int64 {
        ((try? files.attributesOfFileSystem(forPath: path))?[.systemFreeSize] as? NSNumber)?.int64Value ?? 0
    }

    private func removeStale(_ staging: String) {
        for name in (try? files.contentsOfDirectory(atPath: staging)) ?? [] {
            let path = "\(staging)/\(name)"
            guard let age = (try? files.attributesOfItem(atPath: path))?[.modificationDate] as? Date,
                -age.timeIntervalSinceNow > Self.staleAfter
            else { continue }
            try? files.removeItem(atPath: path)
        }
    }

    private static func digest(_ text: String) -> String {
        SHA256.hash(data: Data(text.utf8)).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0\(digits)" : digits
        }.joined()
    }
}
