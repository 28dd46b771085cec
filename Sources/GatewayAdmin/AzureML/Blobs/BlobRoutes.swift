import Foundation
import GatewayAPI
import GatewayCore
import GatewayStore
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix

/// The blob store of Azure's dialect: `/store.blob.local/{tenant}/{name}`, in the form that Azure's SDK makes of the account
/// `HOST/store` and the suffix `local`.
struct BlobRoutes: Sendable {
    static let root = "/store.blob.\(AzureMetadata.storageSuffix)"
    /// Of one request: Azure's clients send more as blocks of 4 MiB.
    private static let largestPart: Int64 = 1 << 30
    private static let largestList = 4 << 20
    private static let mostPerPage = 5000

    let shelf: BlobShelf
    let signature: BlobSignature
    let store: Store

    @Sendable func answer(_ request: Request, _ context: AdminRequestContext) async throws -> Response {
        let call = try BlobCall(request)
        let author = try authorize(call, context)
        let origin = ChangeOrigin(
            author: author,
            address: context.address ?? "",
            // Without the query, which holds the signature.
            request: "\(request.method.rawValue) \(request.uri.path)",
            isOwner: false
        )
        return try await ChangeOrigin.$current.withValue(origin) { try await perform(call, context) }
    }

    private func perform(_ call: BlobCall, _ context: AdminRequestContext) async throws -> Response {
        switch (call.request.method, call.query["comp"] ?? "") {
        case (.get, "list") where call.query["restype"] == "container": return try await list(call)
        // What no blob can be called, such as a folder with a slash at its end, is not there.
        case (.head, ""): return try await describe(try? call.blob())
        case (.get, ""):
            guard let blob = try? call.blob() else { return .blobNotFound }
            return try await read(blob, call, context)
        case (.put, ""): return try await write(try call.blob(), call, context)
        case (.put, "block"): return try await writeBlock(try call.blob(), call, context)
        case (.put, "blocklist"): return try await commit(try call.blob(), call)
        case (.put, "metadata"): return try await setMetadata(try call.blob(), call)
        default: throw APIError(.invalid, "this operation on blobs is not supported")
        }
    }

    /// An operator of the tenant, or the signature of the folder while the tenant is there and not suspended.
    ///
    /// - Returns: how the audit log names them.
    private func authorize(_ call: BlobCall, _ context: AdminRequestContext) throws(APIError) -> String {
        let tenant = store.definitions.tenants.first { $0.name == call.tenant }
        if let asker = context.operator {
            let isReading = call.request.method == .get || call.request.method == .head
            try asker.require(isReading ? .read : .deployments, in: call.tenant)
            guard tenant != nil else { throw APIError(.notFound, "there is no such container") }
            return asker.label
        }
        guard let expiry = call.query["se"], let given = call.query["sig"],
            signature.opens(tenant: call.tenant, folder: call.folder, expiry: expiry, signature: given),
            let tenant, !tenant.isSuspended
        else { throw APIError(.unauthorized, "the signed URL is wrong or has expired; ask for a new one") }
        return "signed URL of \(call.folder)"
    }

    private func describe(_ blob: BlobName?) async throws -> Response {
        guard let found = try await onDisk({ shelf in blob.flatMap(shelf.properties) }) else { return .blobNotFound }
        return Response(status: .ok, headers: Self.fields(of: found))
    }

    private func read(_ blob: BlobName, _ call: BlobCall, _ context: AdminRequestContext) async throws -> Response {
        guard let found = try await onDisk({ shelf in shelf.properties(of: blob) }) else { return .blobNotFound }
        var headers = Self.fields(of: found)
        headers[.contentLength] = nil
        let path = shelf.folder.path(of: blob)
        guard let range = try call.range(of: found.size) else {
            return Response(
                status: .ok,
                headers: headers,
                body: try await FileIO().loadFile(path: path, context: context)
            )
        }
        headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound)/\(found.size)"
        let body = try await FileIO().loadFile(path: path, range: range, context: context)
        return Response(status: .partialContent, headers: headers, body: body)
    }

    private func write(_ blob: BlobName, _ call: BlobCall, _ context: AdminRequestContext) async throws -> Response {
        if call.request.headers[.ifNoneMatch] == "*", try await onDisk({ $0.properties(of: blob) }) != nil {
            return .blobError(.conflict, "BlobAlreadyExists", "the blob is there already")
        }
        guard try await !isModel(blob) else { return .blobIsModel }
        let metadata = call.metadata
        let (upload, sha256) = try await receive(call, context, for: blob)
        return try await place(upload, sha256, at: blob, metadata: metadata)
    }

    private func writeBlock(_ blob: BlobName, _ call: BlobCall, _ context: AdminRequestContext) async throws -> Response
    {
        guard let id = call.query["blockid"], !id.isEmpty, id.utf8.count <= 128 else {
            throw APIError(.invalid, "blockid must be 1 to 128 characters")
        }
        let (upload, _) = try await receive(call, context, for: blob, isBlock: true)
        try await keep(upload) { shelf in try shelf.keepBlock(upload, id: id, of: blob) }
        return Response(status: .created)
    }

    private func commit(_ blob: BlobName, _ call: BlobCall) async throws -> Response {
        let body = try await call.request.body.collect(upTo: Self.largestList)
        let list = try BlockList(String(buffer: body))
        guard try await !isModel(blob) else { return .blobIsModel }
        let metadata = call.metadata
        let (upload, sha256) = try await LongDiskWork.shared.run(for: blob.tenant) { [shelf] in
            try shelf.join(list, of: blob)
        }
        return try await place(upload, sha256, at: blob, metadata: metadata)
    }

    /// With what the audit log says of it: both, or nothing.
    private func place(
        _ upload: BlobUpload,
        _ sha256: String,
        at blob: BlobName,
        metadata: [String: String]
    ) async throws -> Response {
        let record = BlobRecord(
            tenant: blob.tenant,
            name: blob.text,
            path: shelf.folder.path(of: blob),
            size: upload.amount.bytes,
            sha256: sha256
        )
        do {
            try await store.recordBlob(record, before: { [shelf] in shelf.properties(of: blob)?.size }) { [shelf] in
                do {
                    try shelf.place(upload, at: blob, metadata: metadata)
                    return nil
                } catch {
                    return error
                }
            }
        } catch {
            try await onDisk { shelf in shelf.discard(upload) }
            if case StoreError.conflict = error { return .blobIsModel }
            throw error
        }
        return try await written(blob)
    }

    /// A registered model's file does not change: what a deployment runs is what was registered.
    private func isModel(_ blob: BlobName) async throws -> Bool {
        let path = shelf.folder.path(of: blob)
        if store.definitions.models.contains(where: { $0.path == path }) { return true }
        guard try await onDisk({ $0.properties(of: blob) }) != nil else { return false }
        let folder = shelf.folder
        return try await store.azureModelURIs(of: blob.tenant).contains { uri in
            guard let named = folder.path(ofURI: uri, tenant: blob.tenant) else { return false }
            return named == path || path.hasPrefix(named + "/")
        }
    }

    private func setMetadata(_ blob: BlobName, _ call: BlobCall) async throws -> Response {
        let metadata = call.metadata
        let found = try await onDisk { shelf in
            guard shelf.properties(of: blob) != nil else { return false }
            try shelf.setMetadata(metadata, of: blob)
            return true
        }
        return found ? try await written(blob, status: .ok) : .blobNotFound
    }

    private func list(_ call: BlobCall) async throws -> Response {
        let prefix = call.folderPrefix + (call.query["prefix"] ?? "")
        let start = call.query["marker"].flatMap { Int($0) } ?? 0
        let (tenant, size) = (call.tenant, min(call.query["maxresults"].flatMap { Int($0) } ?? 5000, Self.mostPerPage))
        let (shown, next) = try await onDisk { shelf in
            let all = shelf.list(tenant, prefix: prefix)
            let page = all.dropFirst(max(0, start)).prefix(max(1, size))
            let entries = page.compactMap { name in shelf.properties(of: name).map { (name, $0) } }
            return (entries, page.endIndex < all.endIndex ? "\(page.endIndex)" : "")
        }
        let xml = BlobListing(entries: shown, below: call.folderPrefix, prefix: call.query["prefix"] ?? "", next: next)
            .xml
        return .text(xml, type: "application/xml")
    }

    private func written(_ blob: BlobName, status: HTTPResponse.Status = .created) async throws -> Response {
        guard let found = try await onDisk({ shelf in shelf.properties(of: blob) }) else { return .blobNotFound }
        return Response(status: status, headers: [.eTag: found.tag, .lastModified: HTTPDate.text(found.modifiedAt)])
    }

    /// Writes a body to the disk as it comes, exactly as long as it said.
    ///
    /// - Returns: where it lies, and its SHA-256.
    private func receive(
        _ call: BlobCall,
        _ context: AdminRequestContext,
        for blob: BlobName,
        isBlock: Bool = false
    ) async throws -> (BlobUpload, sha256: String) {
        guard let length = call.request.headers[.contentLength].flatMap({ Int64($0) }), length >= 0 else {
            throw APIError(.invalid, "Content-Length is needed")
        }
        guard length <= Self.largestPart else {
            throw APIError(
                .tooLarge,
                "one request may have \(Self.largestPart >> 20) MiB; upload larger blobs in blocks"
            )
        }
        let upload = try await onDisk { shelf in try shelf.stage(length, for: blob, isBlock: isBlock) }
        let digest = RunningDigest()
        let contents = call.request.body.map { bytes in
            digest.update(bytes)
            return bytes
        }
        do {
            try await FileIO().writeFile(contents: contents, path: upload.path, context: context)
        } catch {
            try await onDisk { shelf in shelf.discard(upload) }
            throw error
        }
        try await keep(upload) { _ in
            let attributes = try FileManager.default.attributesOfItem(atPath: upload.path)
            guard (attributes[.size] as? NSNumber)?.int64Value == length else {
                throw APIError(.invalid, "the body ended before its Content-Length")
            }
        }
        return (upload, digest.text)
    }

    /// Does something with an upload; when that fails, it is gone.
    private func keep(_ upload: BlobUpload, _ body: @escaping @Sendable (BlobShelf) throws -> Void) async throws {
        do {
            try await onDisk(body)
        } catch {
            try await onDisk { shelf in shelf.discard(upload) }
            throw error
        }
    }

    /// The disk blocks: not on the threads of tasks.
    private func onDisk<Value: Sendable>(
        _ body: @escaping @Sendable (BlobShelf) throws -> Value
    ) async throws -> Value {
        try await NIOThreadPool.singleton.runIfActive { [shelf] in try body(shelf) }
    }

    private static func fields(of found: BlobShelf.Properties) -> HTTPFields {
        var fields: HTTPFields = [
            .eTag: found.tag, .lastModified: HTTPDate.text(found.modifiedAt), .contentType: "application/octet-stream",
            .contentLength: "\(found.size)", .acceptRanges: "bytes",
        ]
        if let name = HTTPField.Name("x-ms-blob-type") { fields[name] = "BlockBlob" }
        for (key, value) in found.metadata {
            guard let name = HTTPField.Name("x-ms-meta-\(key)") else { continue }
            fields[name] = value
        }
        return fields
    }
}
