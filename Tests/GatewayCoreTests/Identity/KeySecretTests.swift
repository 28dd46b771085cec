import GatewayCore
import Testing

@Suite struct KeySecretTests {
    @Test func `a key is a prefix, 256 bits and a checksum`() {
        let text = KeySecret.generate().text
        #expect(text.hasPrefix("ghk_"))
        #expect(text.utf8.count == 53)
        #expect(text.dropFirst(4).allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
        #expect(KeySecret.isWellFormed(text))
    }

    @Test func `no key is made twice`() {
        let texts = (0..<1000).map { _ in KeySecret.generate().text }
        #expect(Set(texts).count == texts.count)
    }

    @Test func `every bit of a key's random part varies`() {
        var ones = [Int](repeating: 0, count: 43)
        for _ in 0..<400 {
            for (index, byte) in KeySecret.generate().text.utf8.dropFirst(4).prefix(43).enumerated() {
                ones[index] += byte.isMultiple(of: 2) ? 1 : 0
            }
        }
        #expect(ones.allSatisfy { (1..<400).contains($0) })
    }

    @Test func `a mistyped character is told from a revoked key`() {
        let text = KeySecret.generate().text
        for index in text.indices {
            var changed = text
            changed.replaceSubrange(index...index, with: text[index] == "A" ? "B" : "A")
            #expect(!KeySecret.isWellFormed(changed))
        }
    }

    @Test(arguments: ["", "ghk_", "key", "ghk_short", "sk-" + String(repeating: "A", count: 50)])
    func `other texts are not well formed`(text: String) {
        #expect(!KeySecret.isWellFormed(text))
    }

    @Test func `a cut or lengthened key is not well formed`() {
        let text = KeySecret.generate().text
        #expect(!KeySecret.isWellFormed(String(text.dropLast())))
        #expect(!KeySecret.isWellFormed(text + "A"))
    }

    @Test func `a digest is the text's SHA-256 and survives storage`() throws {
        let digest = KeyDigest(of: "abc")
        #expect(digest.bytes.prefix(4) == [0xba, 0x78, 0x16, 0xbf])
        #expect(digest.bytes.suffix(4) == [0xf2, 0x00, 0x15, 0xad])
        #expect(KeyDigest(bytes: digest.bytes) == digest)
        #expect(KeyDigest(bytes: digest.bytes)?.bytes == digest.bytes)
        #expect(KeyDigest(of: "abd") != digest)
    }

    @Test(arguments: [0, 31, 33]) func `a digest has 32 bytes`(count: Int) {
        #expect(KeyDigest(bytes: [UInt8](repeating: 1, count: count)) == nil)
    }

    @Test func `digests differ when any one of their bytes does`() throws {
        let bytes = KeyDigest(of: "abc").bytes
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            #expect(KeyDigest(bytes: changed) != KeyDigest(bytes: bytes))
        }
    }
}
