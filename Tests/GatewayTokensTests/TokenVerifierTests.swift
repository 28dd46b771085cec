import Foundation
import GatewayTokens
import JWTKit
import Testing

@Suite struct TokenVerifierTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)
    private let signer = ES256PrivateKey()

    private func jwk(_ key: ES256PublicKey, _ more: String = "") throws -> String {
        let point = try #require(key.parameters)
        return #"{"kty":"EC","crv":"P-256","kid":"k1","x":"\#(point.x)","y":"\#(point.y)"\#(more)}"#
    }

    private func verifier() throws -> TokenVerifier {
        TokenVerifier(key: try TokenKey(jwk: jwk(signer.publicKey)), issuer: "https://issuer", audience: "gatehouse")
    }

    private func claims(
        issuer: String = "https://issuer",
        audiences: [String] = ["other", "gatehouse"],
        expiresIn: Double = 300,
        startsIn: Double? = nil
    ) -> TokenClaims {
        let time = now.timeIntervalSince1970
        return TokenClaims(
            subject: "app",
            issuer: issuer,
            audiences: audiences,
            expiration: time + expiresIn,
            notBefore: startsIn.map { time + $0 }
        )
    }

    private func sign(_ claims: TokenClaims, header: JWTHeader = ["kid": "k1"]) async throws -> String {
        try await JWTKeyCollection().add(ecdsa: signer).sign(claims, header: header)
    }

    /// A token with any header and payload, signed with the right key.
    private func forge(_ header: String, _ payload: String) async throws -> String {
        let text = encode(Array(header.utf8)) + "." + encode(Array(payload.utf8))
        let algorithm = try await JWTKeyCollection().add(ecdsa: signer).getKey()
        return try text + "." + encode(algorithm.sign(Array(text.utf8)))
    }

    private func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString()
            .replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }

    @Test func `a good token yields its claims`() async throws {
        let verified = try await verifier().verify(sign(claims()), at: now)
        #expect(verified.subject == "app")
    }

    @Test func `a good RSA token yields its claims`() async throws {
        let key = try Insecure.RSA.PrivateKey(pem: Self.rsaKey)
        let (n, e) = try key.publicKey.getKeyPrimitives()
        let jwk = #"{"kty":"RSA","alg":"RS256","use":"sig","n":"\#(encode(Array(n)))","e":"\#(encode(Array(e)))"}"#
        let verifier = TokenVerifier(key: try TokenKey(jwk: jwk), issuer: "https://issuer", audience: "gatehouse")
        let token = try await JWTKeyCollection().add(rsa: key, digestAlgorithm: .sha256).sign(claims())
        #expect(try await verifier.verify(token, at: now).subject == "app")
        let stronger = try await JWTKeyCollection().add(rsa: key, digestAlgorithm: .sha512).sign(claims())
        await #expect(throws: TokenRefusal.algorithm) { try await verifier.verify(stronger, at: now) }
    }

    @Test func `clocks may differ by less than a minute`() async throws {
        let verifier = try verifier()
        _ = try await verifier.verify(sign(claims(expiresIn: -59)), at: now)
        _ = try await verifier.verify(sign(claims(startsIn: 60)), at: now)
        let old = try await sign(claims(expiresIn: -60))
        await #expect(throws: TokenRefusal.expired) { try await verifier.verify(old, at: now) }
        let early = try await sign(claims(startsIn: 61))
        await #expect(throws: TokenRefusal.notYetValid) { try await verifier.verify(early, at: now) }
    }

    @Test func `issuer and audience are compared whole`() async throws {
        let verifier = try verifier()
        let foreign = try await sign(claims(issuer: "https://issuer/"))
        await #expect(throws: TokenRefusal.issuer) { try await verifier.verify(foreign, at: now) }
        for audiences in [["gatehouse2"], []] {
            let token = try await sign(claims(audiences: audiences))
            await #expect(throws: TokenRefusal.audience) { try await verifier.verify(token, at: now) }
        }
    }

    @Test func `a token of another key is refused`() async throws {
        let token = try await JWTKeyCollection().add(ecdsa: ES256PrivateKey()).sign(claims(), header: ["kid": "k1"])
        await #expect(throws: TokenRefusal.signature) { try await verifier().verify(token, at: now) }
        let unknown = try await sign(claims(), header: ["kid": "k2"])
        await #expect(throws: TokenRefusal.unknownKey) { try await verifier().verify(unknown, at: now) }
    }

    @Test func `no algorithm and the public key as a shared secret are refused`() async throws {
        let verifier = try verifier()
        let payload = #"{"iss":"https://issuer","aud":"gatehouse","exp":1800000300}"#
        for algorithm in ["none", "None", "NONE", "HS256", "ES384", "RS256", ""] {
            let unsigned =
                encode(Array(#"{"alg":"\#(algorithm)","kid":"k1"}"#.utf8)) + "." + encode(Array(payload.utf8)) + "."
            await #expect(throws: TokenRefusal.algorithm) { try await verifier.verify(unsigned, at: now) }
        }
        let shared = HMACKey(from: signer.publicKey.pemRepresentation)
        let confused = try await JWTKeyCollection().add(hmac: shared, digestAlgorithm: .sha256)
            .sign(claims(), header: ["kid": "k1"])
        await #expect(throws: TokenRefusal.algorithm) { try await verifier.verify(confused, at: now) }
    }

    @Test(arguments: [
        ##"{"iss":"https://issuer","aud":"gatehouse"}"##,
        ##"{"iss":"https://issuer","aud":"gatehouse","exp":"1800000300"}"##,
        ##"{"iss":"https://issuer","aud":"gatehouse","exp":true}"##,
        ##"{"iss":"https://issuer","aud":"gatehouse","exp":1800000300,"nbf":null}"##,
        ##"{"iss":["https://issuer"],"aud":"gatehouse","exp":1800000300}"##,
        ##"{"iss":"https://issuer","aud":{"a":"gatehouse"},"exp":1800000300}"##,
        ##"[]"##,
        String(repeating: "[", count: 3000),
    ])
    func `claims of the wrong type are refused`(payload: String) async throws {
        let token = try await forge(#"{"alg":"ES256","kid":"k1"}"#, payload)
        await #expect(throws: TokenRefusal.malformed) { try await verifier().verify(token, at: now) }
    }

    @Test func `a payload of the right types is taken`() async throws {
        let token = try await forge(
            #"{"alg":"ES256","kid":"k1"}"#,
            #"{"iss":"https://issuer","aud":"gatehouse","exp":1800000300}"#
        )
        _ = try await verifier().verify(token, at: now)
    }

    @Test func `an extension that has to be understood is refused`() async throws {
        let token = try await forge(#"{"alg":"ES256","kid":"k1","crit":["b64"],"b64":false}"#, "{}")
        await #expect(throws: TokenRefusal.criticalHeader) { try await verifier().verify(token, at: now) }
    }

    @Test func `zero signatures are refused`() async throws {
        let parts = try await sign(claims()).split(separator: ".")
        for count in [0, 63, 64, 65] {
            let token = parts[0] + "." + parts[1] + "." + encode([UInt8](repeating: 0, count: count))
            await #expect(throws: TokenRefusal.signature) { try await verifier().verify(String(token), at: now) }
        }
    }

    @Test func `junk is refused`() async throws {
        let good = try await sign(claims())
        let junk = ["", ".", "..", "...", good + ".", good + "=", good + "\n", " " + good, "%" + good]
        for token in junk {
            await #expect(throws: TokenRefusal.malformed) { try await verifier().verify(token, at: now) }
        }
        let long = String(repeating: "a", count: 16 * 1024 + 1)
        await #expect(throws: TokenRefusal.tooLong) { try await verifier().verify(long, at: now) }
    }

    private static let rsaKey: String = {
        let key = Process()
        let output = Pipe()
        key.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        key.arguments = ["openssl", "genrsa", "2048"]
        key.standardOutput = output
        key.standardError = FileHandle.nullDevice
        try? key.run()
        return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }()
}
