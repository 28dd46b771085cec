import GatewayCore
import Testing

@testable import GatewayTokens

@Suite struct TokenKeyTests {
    private static func modulus(bits: Int) -> String {
        Base64URL.encode([0x80] + [UInt8](repeating: 0xFF, count: bits / 8 - 1))
    }
    private static let full = modulus(bits: 2048)

    @Test(arguments: [
        (#"{"kty":"oct","k":"c2VjcmV0"}"#, KeyRefusal.type),
        (#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#, .type),
        (#"{"kty":"rsa","n":"\#(full)","e":"AQAB"}"#, .type),
        (#"{"kty":"RSA","e":"AQAB"}"#, .malformed),
        (#"{"kty":"RSA","n":"AAAA","e":"AQAB"}"#, .tooWeak),
        (#"{"kty":"RSA","n":"\#(modulus(bits: 1024))","e":"AQAB"}"#, .tooWeak),
        (#"{"kty":"RSA","n":"AAAA\#(modulus(bits: 2040))","e":"AQAB"}"#, .tooWeak),
        (#"{"kty":"RSA","n":"\#(modulus(bits: 16_384))","e":"AQAB"}"#, .tooLarge),
        (#"{"kty":"RSA","n":"\#(full)","e":"AQ"}"#, .malformed),
        (#"{"kty":"RSA","n":"\#(full)","e":"Ag"}"#, .malformed),
        (#"{"kty":"RSA","n":"\#(full)","e":""}"#, .malformed),
        (#"{"kty":"RSA","n":"\#(full)","e":"AQAAAAAB"}"#, .malformed),
        (#"{"kty":"RSA","n":"\#(full)=","e":"AQAB"}"#, .malformed),
        (#"{"kty":"RSA","alg":"ES256","n":"\#(full)","e":"AQAB"}"#, .algorithm),
        (#"{"kty":"RSA","alg":"HS256","n":"\#(full)","e":"AQAB"}"#, .algorithm),
        (#"{"kty":"RSA","alg":"RS512","n":"\#(full)","e":"AQAB"}"#, .algorithm),
        (#"{"kty":"RSA","alg":"none","n":"\#(full)","e":"AQAB"}"#, .algorithm),
        (#"{"kty":"RSA","use":"enc","n":"\#(full)","e":"AQAB"}"#, .use),
        (#"{"kty":"RSA","key_ops":["sign"],"n":"\#(full)","e":"AQAB"}"#, .use),
        (#"{"kty":"RSA","d":"AAAA","n":"\#(full)","e":"AQAB"}"#, .published),
        (#"{"kty":"EC","crv":"P-384","x":"AAAA","y":"AAAA"}"#, .algorithm),
        (#"{"kty":"EC","crv":"secp256k1","x":"AAAA","y":"AAAA"}"#, .algorithm),
        (#"{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}"#, .malformed),
        (
            #"{"kty":"EC","crv":"P-256","x":"\#(Base64URL.encode([UInt8](repeating: 1, count: 32)))","y":"\#(Base64URL.encode([UInt8](repeating: 1, count: 32)))"}"#,
            .malformed
        ),
    ])
    func `keys that could weaken a check are refused`(jwk: String, refusal: KeyRefusal) async throws {
        let fields = try #require(JSONShape.decode(JSONWebKey.self, from: Array(jwk.utf8)))
        await #expect(throws: refusal) { try await TokenKey(fields) }
    }

    @Test func `an RSA key of 2048 bits is taken, with and without alg`() async throws {
        for more in ["", #","alg":"RS256","use":"sig","key_ops":["verify"]"#] {
            let jwk = #"{"kty":"RSA","kid":"k","n":"\#(Self.full)","e":"AQAB"\#(more)}"#
            let key = try await TokenKey(try #require(JSONShape.decode(JSONWebKey.self, from: Array(jwk.utf8))))
            #expect(key.algorithm == .rs256)
        }
    }

    @Test func `a set keeps a bounded number of keys, and the first of a kid`() async {
        let point = JSONShape.decode(JSONWebKey.self, from: Array(((try? TestKey.ec().jwk("k")) ?? "").utf8))
        var keys = (0..<300).map { number in
            var key = point
            key?.kid = "k-\(number)"
            return key
        }
        keys.insert(keys[0], at: 1)
        let set = await KeySet(keys)
        #expect(set.ids.count == 256)
        #expect(set.skipped["k-0"] == .duplicate)
        #expect(set.skipped["k-299"] == .tooMany)
    }
}
