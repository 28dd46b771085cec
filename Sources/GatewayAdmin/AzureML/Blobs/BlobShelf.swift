import Crypto
import Foundation
import GatewayStore
import NIOPosix

/// Reads and writes blobs as files: `files/…` as they are named, what is said of them in `metadata/`, what is not whole yet
/// in `staging/`.
///
/// Everything here blocks on the disk; callers run it on a thread pool.
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
    /// Begins the names of folders that are on their way out; no tenant is called so.
    private static let removed = ".removed-"

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

    /// A path for bytes of a blob that come, with room taken for them and for the folders above it.
    ///
    /// - Parameter isBlock: it becomes a part of the blob, and lies in its folder of blocks.
    func stage(_ bytes: Int64, for blob: BlobName, isBlock: Bool = false) throws -> BlobUpload {
        let staging = staging(of: blob.tenant)
        try make(staging)
        // A blob is its file and what is said of it.
        let entries = isBlock ? 1 + missing(blocks(of: blob)) : 2 + missing(parent(of: blob))
        let amount = BlobAllowance.Amount(bytes: bytes, entries: entries)
        try allowance.reserve(amount, for: blob.tenant, free: { free(staging) }) {
            removeStale(staging)
            return measure(folder.folder(of: blob.tenant))
        }
        return BlobUpload(tenant: blob.tenant, path: newPath(in: staging), amount: amount)
    }

    /// Gives the room back and removes what came.
    func discard(_ upload: BlobUpload) {
        try? files.removeItem(atPath: upload.path)
        allowance.discard(upload.amount, for: upload.tenant)
    }

    /// Puts a staged file in a blob's place.
    func place(_ upload: BlobUpload, at blob: BlobName, metadata: [String: String]) throws {
        let path = folder.path(of: blob)
        let replaced = properties(of: blob).map { BlobAllowance.Amount(bytes: $0.size, entries: 2) }
        do {
            try make(parent(of: blob))
            guard unsafe rename(upload.path, path) == 0 else {
                throw APIError(.conflict, "\(blob.text) is a folder already")
            }
        } catch let error as CocoaError {
            throw APIError(.conflict, "\(blob.text) lies below what is a file already: \(error.code.rawValue)")
        }
        try setMetadata(metadata, of: blob)
        allowance.settle(upload.amount.bytes)
        allowance.release(replaced ?? .none, for: blob.tenant)
    }

    /// Keeps a staged file as one block of a blob.
    func keepBlock(_ upload: BlobUpload, id: String, of blob: BlobName) throws {
        let parts = blocks(of: blob)
        try make(parts)
        let path = "\(parts)/\(Self.digest(id))"
        let replaced = size(of: path).map { BlobAllowance.Amount(bytes: $0, entries: 1) }
        guard unsafe rename(upload.path, path) == 0 else { throw APIError(.failed, "the block could not be kept") }
        allowance.settle(upload.amount.bytes)
        allowance.release(replaced ?? .none, for: blob.tenant)
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
        return names.sorted().compactMap { BlobName(tenant: tenant, plain: $0) }.filter { isFile(folder.path(of: $0)) }
    }

    /// Takes everything of a tenant away, at once for whoever has its name next; `removeRetired` gives the room back.
    func retire(_ tenant: String) throws {
        let old = "\(folder.root)/\(Self.removed)\(UUID().uuidString.lowercased())"
        if unsafe rename(folder.folder(of: tenant), old) != 0, errno != ENOENT {
            throw APIError(.failed, "the uploads of \(tenant) could not be removed")
        }
        allowance.forget(tenant)
    }

    /// Deletes what was taken away, and what an earlier process has not finished.
    func removeRetired() {
        for name in (try? files.contentsOfDirectory(atPath: folder.root)) ?? [] where name.hasPrefix(Self.removed) {
            try? files.removeItem(atPath: "\(folder.root)/\(name)")
        }
    }
}

/// Blocks.
extension BlobShelf {
    /// Blocks of a blob that nobody else can take any more, and where they were.
    private struct Claim {
        let origin: String
        let path: String
    }

    /// Joins the blocks of a list, in its order, with room taken for the whole.
    ///
    /// - Returns: what `place` takes, and its SHA-256.
    func join(_ list: BlockList, of blob: BlobName) throws -> (upload: BlobUpload, sha256: String) {
        let claim = Claim(origin: blocks(of: blob), path: newPath(in: staging(of: blob.tenant)))
        // Two lists of one blob at once: the second finds no blocks.
        let isClaimed = unsafe rename(claim.origin, claim.path) == 0
        do {
            let parts = try list.ids.map { id in
                let path = "\(claim.path)/\(Self.digest(id))"
                guard isClaimed, let size = size(of: path) else {
                    throw APIError(.invalid, "the block \(id.debugDescription) was not uploaded")
                }
                return (path, size)
            }
            let upload = try stage(parts.reduce(0) { $0 + $1.1 }, for: blob)
            do {
                let digest = try BlobJoin(parts: parts.map(\.0)).write(to: upload.path)
                remove(claim, of: blob.tenant)
                return (upload, digest)
            } catch {
                discard(upload)
                throw error
            }
        } catch {
            if isClaimed { putBack(claim, of: blob.tenant) }
            throw error
        }
    }

    private func remove(_ claim: Claim, of tenant: String) {
        var gone = measure(claim.path)
        gone.entries += 1
        try? files.removeItem(atPath: claim.path)
        allowance.release(gone, for: tenant)
    }

    /// Unless blocks have come meanwhile: then these are old.
    private func putBack(_ claim: Claim, of tenant: String) {
        if unsafe rename(claim.path, claim.origin) != 0 { remove(claim, of: tenant) }
    }
}

extension BlobShelf {
    private func staging(of tenant: String) -> String { "\(folder.folder(of: tenant))/staging" }

    private func newPath(in staging: String) -> String { "\(staging)/\(UUID().uuidString.lowercased())" }

    private func blocks(of blob: BlobName) -> String {
        "\(staging(of: blob.tenant))/blocks-\(Self.digest(blob.text))"
    }

    private func parent(of blob: BlobName) -> String {
        URL(fileURLWithPath: folder.path(of: blob)).deletingLastPathComponent().path
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

    /// How many folders a path needs that are not there.
    private func missing(_ path: String) -> Int {
        var url = URL(fileURLWithPath: path)
        var count = 0
        while url.path != "/", !files.fileExists(atPath: url.path) {
            count += 1
            url = url.deletingLastPathComponent()
        }
        return count
    }

    private func isFile(_ path: String) -> Bool {
        (try? files.attributesOfItem(atPath: path))?[.type] as? FileAttributeType == .typeRegular
    }

    /// `nil` when there is no such file.
    private func size(of path: String) -> Int64? {
        ((try? files.attributesOfItem(atPath: path))?[.size] as? NSNumber)?.int64Value
    }

    /// Everything below a folder.
    private func measure(_ path: String) -> BlobAllowance.Amount {
        var sum = BlobAllowance.Amount.none
        guard let found = files.enumerator(atPath: path) else { return sum }
        for case let name as String in found {
            sum.entries += 1
            let attributes = try? files.attributesOfItem(atPath: "\(path)/\(name)")
            guard attributes?[.type] as? FileAttributeType == .typeRegular else { continue }
            sum.bytes += (attributes?[.size] as? NSNumber)?.int64Value ?? 0
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

    private static func digest(_ text: String) -> String { FileDigest.text(of: SHA256.hash(data: Data(text.utf8))) }
}
