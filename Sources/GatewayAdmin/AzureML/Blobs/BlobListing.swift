import Foundation
import HTTPTypes
import Hummingbird

/// A part of a container's list, in the XML of Azure's blob service.
struct BlobListing {
    let entries: [(BlobName, BlobShelf.Properties)]
    /// What the container itself takes of the names.
    let below: String
    let prefix: String
    /// Where the next part begins; empty when this is the last.
    let next: String

    var xml: String {
        let blobs = entries.map(entry).joined()
        return """
            <?xml version="1.0" encoding="utf-8"?><EnumerationResults><Prefix>\(Self.escape(prefix))</Prefix>\
            <Blobs>\(blobs)</Blobs><NextMarker>\(next)</NextMarker></EnumerationResults>
            """
    }

    private func entry(_ name: BlobName, _ found: BlobShelf.Properties) -> String {
        let metadata = found.metadata.sorted { $0.key < $1.key }
            .filter { ($0.key.first?.isLetter ?? false) && $0.key.utf8.allSatisfy { $0.isNameByte } }
            .map { "<\($0.key)>\(Self.escape($0.value))</\($0.key)>" }
            .joined()
        return """
            <Blob><Name>\(Self.escape(String(name.text.dropFirst(below.count))))</Name><Properties>\
            <Last-Modified>\(HTTPDate.text(found.modifiedAt))</Last-Modified><Etag>\(Self.escape(found.tag))</Etag>\
            <Content-Length>\(found.size)</Content-Length><Content-Type>application/octet-stream</Content-Type>\
            <BlobType>BlockBlob</BlobType></Properties><Metadata>\(metadata)</Metadata></Blob>
            """
    }

    private static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}

extension UInt8 {
    fileprivate var isNameByte: Bool { (0x61...0x7a).contains(self) || (0x30...0x39).contains(self) || self == 0x5f }
}

/// Dates of HTTP.
enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// - Parameter seconds: since 1970.
    static func text(_ seconds: Int64) -> String {
        let written = WireTime.text(max(0, seconds))
        let (date, clock) = (written.prefix(10).split(separator: "-"), written.dropFirst(11).prefix(8))
        guard date.count == 3, let month = Int(date[1]), months.indices.contains(month - 1) else { return written }
        return "\(days[Int(max(0, seconds) / 86_400 % 7)]), \(date[2]) \(months[month - 1]) \(date[0]) \(clock) GMT"
    }
}

extension Response {
    static var blobNotFound: Response { blobError(.notFound, "BlobNotFound", "there is no such blob") }

    static var blobIsModel: Response {
        blobError(
            .conflict,
            "BlobImmutableDueToPolicy",
            "a registered model names this file, which does not change; upload it under another name"
        )
    }

    /// An error as Azure's storage clients read it.
    static func blobError(_ status: HTTPResponse.Status, _ code: String, _ message: String) -> Response {
        let body =
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>\(code)</Code><Message>\(message)</Message></Error>"
        var response = Response.text(body, type: "application/xml", status: status)
        if let name = HTTPField.Name("x-ms-error-code") { response.headers[name] = code }
        return response
    }
}
