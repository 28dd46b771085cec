/// Every key that opens something, by its SHA-256.
///
/// Kept in parts, so that a change of one key among 100,000 copies one part and not all.
package struct Keyring: Sendable {
    /// A power of two.
    private static let partCount = 1024

    /// By the low bits of the digest.
    private var parts: [[KeyDigest: Caller]]

    package init(_ callers: [KeyDigest: Caller]) {
        parts = Array(repeating: [:], count: Self.partCount)
        for (digest, caller) in callers { self[digest] = caller }
    }

    /// Who holds this key.
    ///
    /// Unknown and wrong keys take the same path: one hash, one look-up whose comparison is constant-time.
    package func identify(_ secret: String) -> Caller? {
        self[KeyDigest(of: secret)]
    }

    /// The keyring without some keys, and with others.
    package func replacing(_ gone: [KeyDigest], with callers: [(KeyDigest, Caller)]) -> Keyring {
        var next = self
        for digest in gone { next[digest] = nil }
        for (digest, caller) in callers { next[digest] = caller }
        return next
    }

    private subscript(_ digest: KeyDigest) -> Caller? {
        get { parts[digest.lowBits & (Self.partCount - 1)][digest] }
        set { parts[digest.lowBits & (Self.partCount - 1)][digest] = newValue }
    }
}
