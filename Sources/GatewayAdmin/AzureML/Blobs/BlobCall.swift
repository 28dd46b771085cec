import Foundation
import GatewayAPI
import GatewayCore
import HTTPTypes
import Hummingbird

/// One request to the blob store: whose container, which blob, what of it.
struct BlobCall {
    private static let mostMetadata = 64
    private static let longestMetadata = 8 << 10

    let request: Request
    let tenant: String
    /// Behind the tenant, percent-encoded.
    private let rest: Substring
    let query: [String: String]

    init(_ request: Request) throws(APIError) {
        let parts = request.uri.path.dropFirst(BlobRoutes.root.count).split(
            separator: "/",
            maxSplits: 1,
            omittingEmptySubsequences: true
        )
        guard let tenant = parts.first.map(String.init), Names.isTenant(tenant) else {
            throw APIError(.notFound, "there is no such container")
        }
        self.request = request
        self.tenant = tenant
        rest = parts.count == 2 ? parts[1] : ""
        query = Dictionary(request.uri.queryParameters.map { ($0.key.lowercased(), String($0.value)) }) { first, _ in
            first
        }
    }

    func blob() throws(APIError) -> BlobName {
        guard let name = BlobName(tenant: tenant, encoded: rest) else {
            throw APIError(.invalid, "a blob's name is 1 to 32 segments of 1 to 200 bytes, none of them . or ..")
        }
        return name
    }

    /// The first segment behind the tenant: what a signed URL opens.
    var folder: String { rest.split(separator: "/").first.flatMap(PercentEncoding.decode) ?? "" }

    /// A container of a signed URL is a folder of ours: its list shows names below it.
    var folderPrefix: String {
        let path = rest.split(separator: "/").compactMap(PercentEncoding.decode).joined(separator: "/")
        return path.isEmpty ? "" : path + "/"
    }

    /// `x-ms-meta-…`, as far as it can be sent back as it came.
    var metadata: [String: String] {
        let prefix = "x-ms-meta-"
        var found: [String: String] = [:]
        for field in request.headers where field.name.canonicalName.hasPrefix(prefix) {
            guard found.count < Self.mostMetadata, field.value.utf8.count <= Self.longestMetadata else { continue }
            found[String(field.name.canonicalName.dropFirst(prefix.count))] = field.value
        }
        return found
    }

    /// The bytes that are asked for; `nil` = all of them.
    func range(of size: Int64) throws(APIError) -> ClosedRange<Int>? {
        let own = HTTPField.Name("x-ms-range").flatMap { request.headers[$0] }
        guard let text = own ?? request.headers[.range], text.hasPrefix("bytes=") else { return nil }
        let bounds = text.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2, let first = Int(bounds[0]), first >= 0, first < size else {
            throw APIError(.rangeNotSatisfiable, "the blob has \(size) bytes")
        }
        let last = bounds[1].isEmpty ? Int(size) - 1 : Int(bounds[1])
        guard let last, last >= first else { throw APIError(.rangeNotSatisfiable, "the blob has \(size) bytes") }
        return first...min(last, Int(size) - 1)
    }
}
