package import Foundation

/// The end of the audit log at one moment: how many entries it had, and the hash of the last one.
package struct AuditHead: Sendable, Equatable {
    /// Of a log without entries.
    static let start = AuditHead(number: 0, hash: Data(repeating: 0, count: 32))

    package let number: Int64
    package let hash: Data

    init(number: Int64, hash: Data) {
        self.number = number
        self.hash = hash
    }

    /// `N:HASH`, as `text` says it; `nil` for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int64(parts[0]), number >= 0, parts[1].utf8.count == 64 else { return nil }
        let digits = Array(parts[1])
        let bytes = stride(from: 0, to: 64, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
        guard bytes.count == 32 else { return nil }
        self.init(number: number, hash: Data(bytes))
    }

    /// `N:HASH`, for a person to note.
    package var text: String { "\(number):\(FileDigest.text(of: hash))" }
}
