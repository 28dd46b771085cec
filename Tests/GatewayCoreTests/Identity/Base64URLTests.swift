import Testing

@testable import GatewayCore

@Suite struct Base64URLTests {
    @Test(arguments: [0, 1, 2, 3, 4, 31, 32, 33, 255, 256])
    func `what is encoded is decoded`(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37) }
        #expect(Base64URL.decode(Base64URL.encode(bytes).utf8) == bytes)
    }

    @Test(arguments: ["A", "AA=", "AA==", "AB", "AAB", "A+", "A/", "A A", "AA\n", "é", "AAAAA"])
    func `nothing is forgiven`(text: String) {
        #expect(Base64URL.decode(text.utf8) == nil)
    }
}
