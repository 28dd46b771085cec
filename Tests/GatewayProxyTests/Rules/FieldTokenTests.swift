import Testing

@testable import GatewayProxy

@Suite struct FieldTokenTests {
    @Test func `token bytes are those of RFC 9110`() {
        let punctuation = Array("!#$%&'*+-.^_`|~".utf8)
        for byte in UInt8.min...UInt8.max {
            let isAlphanumeric =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            #expect(byte.isToken == (isAlphanumeric || punctuation.contains(byte)), "byte \(byte)")
        }
    }

    @Test func `a word is recognised in any case and no other word is`() {
        #expect(FieldToken("Content-Length") == FieldToken("cONTENT-lENGTH"))
        #expect(FieldToken("Transfer-Encoding") != FieldToken("Xransfer-Encoding"))
        #expect(FieldToken("host") != FieldToken("hos"))
    }
}
