package import GatewayCore

/// Takes credentials that are known by their form out of what rows, logs and spans tell of an exchange: its path and names
/// that its caller or its upstream wrote (SECURITY D-1).
package struct ReceiptRedaction {
    /// Texts that are known to hold none, and the longest of them: most requests have few paths.
    private static let most = 1024
    private static let longest = 256
    /// No credential is known by its form alone that has fewer characters in a row.
    private static let shortest = 15

    private let patterns = TextPatterns(RedactionRule())
    private var harmless: Set<String> = []

    package init() {}

    package mutating func redact(_ receipt: inout Receipt) {
        redact(&receipt.path)
        redact(&receipt.model)
    }

    package mutating func redact(_ text: inout String) {
        if let redacted = redacted(text) { text = redacted }
    }

    /// - Returns: `nil` when there is nothing to take out.
    private mutating func redacted(_ text: String) -> String? {
        guard Self.mayHoldCredential(text), !harmless.contains(text) else { return nil }
        let redacted = patterns.redact(encoded: text)
        if redacted != text { return redacted }
        if harmless.count >= Self.most { harmless.removeAll(keepingCapacity: true) }
        if text.utf8.count <= Self.longest { harmless.insert(text) }
        return nil
    }

    private static func mayHoldCredential(_ text: String) -> Bool {
        var run = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "/"), UInt8(ascii: " "): run = 0
            // Behind a name, or behind a user's; the last may stand for either.
            case UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: "%"): return true
            default: run += 1
            }
            if run >= shortest { return true }
        }
        return false
    }
}
