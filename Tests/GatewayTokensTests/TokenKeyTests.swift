import Foundation
import GatewayTokens
import Testing

@Suite struct TokenKeyTests {
    private static func modulus(bits: Int) -> String {
        var bytes = [UInt8](repeating: 0xFF, count: bits / 8)
        bytes[0] = 0x80
        return Data(bytes).base64EncodedString()
            .replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }

    @Test(arguments: [
        ("no JSON", KeyRefusal.malformed),
        (#"{"kty":"oct","k":"c2VjcmV0"}"#, .type),
        (#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#, .type),
        (#"{"kty":"RSA","e":"AQAB"}"#, .malformed),
        (#"{"kty":"RSA","n":"AAAA","e":"AQAB"}"#, .tooWeak),
        (#"{"kty":"RSA","n":"\#(modulus(bits: 1024))","e":"AQAB"}"#, .tooWeak),
        (#"{"kty":"RSA","alg":"ES256","n":"\#(modulus(bits: 2048))","e":"AQAB"}"#, .algorithm),
        (#"{"kty":"RSA","alg":"HS256","n":"\#(modulus(bits: 2048))","e":"AQAB"}"#, .algorithm),
        (#"{"kty":"RSA","alg":"none","n":"\#(modulus(bits: 2048))","e":"AQAB"}"#, .algorithm),
        (#"{"kty":"RSA","use":"enc","n":"\#(modulus(bits: 2048))","e":"AQAB"}"#, .use),
        (#"{"kty":"RSA","key_ops":["sign"],"n":"\#(modulus(bits: 2048))","e":"AQAB"}"#, .use),
        (#"{"kty":"EC","crv":"P-384","x":"AAAA","y":"AAAA"}"#, .algorithm),
        (#"{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}"#, .malformed),
    ])
    func `keys that could weaken a check are refused`(jwk: String, refusal: KeyRefusal) {
        #expect(throws: refusal) { try TokenKey(jwk: jwk) }
    }

    @Test func `an RSA key of 2048 bits is taken`() throws {
        _ = try TokenKey(jwk: #"{"kty":"RSA","kid":"k","n":"\#(Self.modulus(bits: 2048))","e":"AQAB"}"#)
    }
}
