import Testing

@testable import GatewayTokens

/// Every hostile token meets the real service, whose keys came from a real server.
@Suite struct HostileTokenTests {
    private static let all: [Hostile] = [
        Hostile.unsigned, Hostile.algorithms, Hostile.confused, Hostile.keyNames, Hostile.smuggledKeys,
        Hostile.extensions, Hostile.times, Hostile.audiences, Hostile.issuers, Hostile.subjects, Hostile.curves,
        Hostile.signatures, Hostile.spellings, Hostile.headers, Hostile.payloads,
    ].flatMap { $0 }

    @Test(arguments: all)
    func `a hostile token is refused by the rule it breaks, and good ones pass after it`(_ hostile: Hostile)
        async throws
    {
        let stage = try await HostileStage.only.value
        let refusal = try await stage.stage.refusal(of: hostile.make(stage))
        #expect(refusal == hostile.refusal)
        #expect(try await stage.stage.refusal(of: stage.good) == nil)
        #expect(try await stage.stage.refusal(of: stage.goodEC) == nil)
        #expect(stage.stage.server.hits("/evil") == 0)
    }

    @Test func `there are more than sixty of them, each with its own name`() {
        #expect(Self.all.count > 150)
        #expect(Set(Self.all.map(\.name)).count == Self.all.count)
    }

    @Test func `all of them together cause two fetches at most`() async throws {
        let stage = try await HostileStage.only.value
        for hostile in Hostile.keyNames { _ = try await stage.stage.refusal(of: hostile.make(stage)) }
        #expect(stage.stage.server.hits("/keys") <= 2)
    }

    @Test func `no byte of a token can be another one`() async throws {
        let stage = try await HostileStage.only.value
        for good in try [stage.good, stage.goodEC] {
            for index in good.utf8.indices {
                var bytes = Array(good.utf8)
                let place = good.utf8.distance(from: good.utf8.startIndex, to: index)
                bytes[place] = bytes[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
                #expect(await stage.stage.refusal(of: String(decoding: bytes, as: UTF8.self)) != nil, "byte \(place)")
            }
        }
    }

    @Test func `damaged key sets and tokens bring nothing down`() async throws {
        let stage = try await HostileStage.only.value
        let set = Array(#"{"keys":[\#(try stage.stage.rsa.jwk("a")),\#(try stage.stage.ec.jwk("b"))]}"#.utf8)
        let payload = Array(stage.claims.json.utf8)
        let signs = Array(#"{}[]":,\0"e.-9"#.utf8)
        var generator = FixedGenerator(state: 7)
        for _ in 0..<2000 {
            let sign = signs.randomElement(using: &generator) ?? 0
            var damaged = set
            damaged[Int.random(in: damaged.indices, using: &generator)] = sign
            damaged.removeSubrange(Int.random(in: damaged.indices, using: &generator)..<damaged.endIndex)
            let read = await KeySet.read(damaged)
            #expect(read?.ids == nil)
            var claims = payload
            claims[Int.random(in: claims.indices, using: &generator)] = sign
            _ = JSONShape.decode(TokenClaims.self, from: claims)
        }
    }
}

/// The same numbers in every run.
private struct FixedGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}
