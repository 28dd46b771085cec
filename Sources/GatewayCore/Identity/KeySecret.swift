import Crypto

/// A key as it is shown to a person: prefix, 256 random bits, checksum.
///
/// The checksum (CRC-32 of prefix and random part) lets a scanner, or an admin, tell a mistyped or cut key from a revoked one.
package struct KeySecret: Sendable, Equatable {
    package static let prefix = "ghk_"

    /// `ghk_`, 43 base64url characters, 6 checksum characters.
    package let text: String

    /// A new random key.
    ///
    /// `SystemRandomNumberGenerator` is the kernel's.
    package static func generate() -> KeySecret {
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        for _ in 0..<4 {
            var word = generator.next()
            for _ in 0..<8 {
                bytes.append(UInt8(truncatingIfNeeded: word))
                word >>= 8
            }
        }
        let body = prefix + Base64URL.encode(bytes)
        return KeySecret(text: body + checksum(of: body))
    }

    private init(text: String) {
        self.text = text
    }

    /// Whether a presented text could be one of our keys at all: right prefix, length and checksum.
    package static func isWellFormed(_ text: String) -> Bool {
        guard text.hasPrefix(prefix), text.utf8.count == prefix.utf8.count + 43 + 6 else { return false }
        return text.hasSuffix(checksum(of: String(text.dropLast(6))))
    }

    package var digest: KeyDigest { KeyDigest(of: text) }

    private static func checksum(of text: String) -> String {
        var crc: UInt32 = ~0
        for byte in text.utf8 {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
        }
        let value = UInt64(~crc)
        let characters = (0..<6).map { Base64URL.alphabet[Int(value >> (30 - 6 * UInt64($0))) & 63] }
        return String(decoding: characters, as: UTF8.self)
    }
}

/// The SHA-256 of a key: what is stored and what a presented key is looked up by.
package struct KeyDigest: Sendable, Hashable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    package init(of text: String) {
        var text = text
        self = text.withUTF8 { unsafe KeyDigest(SHA256.hash(data: UnsafeRawBufferPointer($0))) }
    }

    private init(_ digest: SHA256.Digest) {
        words = unsafe digest.withUnsafeBytes { bytes in
            unsafe (
                bytes.loadUnaligned(as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
            )
        }
    }

    /// The 32 bytes of a stored digest; `nil` when there are not 32.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        func word(_ start: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << (8 * UInt64($1)) }
        }
        words = (word(0), word(8), word(16), word(24))
    }

    /// Random bits, enough to spread keys over parts.
    var lowBits: Int { Int(truncatingIfNeeded: words.0) }

    package var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
        }
    }

    /// Constant-time: every word is read whatever the others say.
    package static func == (left: KeyDigest, right: KeyDigest) -> Bool {
        (left.words.0 ^ right.words.0) | (left.words.1 ^ right.words.1) | (left.words.2 ^ right.words.2)
            | (left.words.3 ^ right.words.3) == 0
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
    }
}
