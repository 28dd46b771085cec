import GatewayAPI
import GatewayCore

/// The name of a blob: its tenant, which is the container, and the segments of its path.
struct BlobName: Sendable, Hashable {
    private static let mostSegments = 32
    private static let longestSegment = 200

    let tenant: String
    let segments: [String]

    /// - Parameter encoded: segments with `/` between them, percent-encoded; `nil` for what could leave the folder, or names
    ///   no file.
    init?(tenant: String, encoded: Substring) {
        let parts = encoded.split(separator: "/", omittingEmptySubsequences: false).map(PercentEncoding.decode)
        self.init(tenant: tenant, parts: parts)
    }

    /// - Parameter plain: the same, as files are called.
    init?(tenant: String, plain: String) {
        let parts = plain.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        self.init(tenant: tenant, parts: parts)
    }

    private init?(tenant: String, parts: [String?]) {
        let segments = parts.compactMap(\.self)
        guard Names.isTenant(tenant), (1...Self.mostSegments).contains(parts.count), segments.count == parts.count,
            segments.allSatisfy(Self.isPlain)
        else { return nil }
        self.tenant = tenant
        self.segments = segments
    }

    var text: String { segments.joined(separator: "/") }

    private static func isPlain(_ segment: String) -> Bool {
        guard (1...longestSegment).contains(segment.utf8.count), segment != ".", segment != ".." else { return false }
        return segment.utf8.allSatisfy {
            $0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\")
        }
    }
}
