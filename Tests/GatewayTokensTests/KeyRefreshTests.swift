import Testing

@testable import GatewayTokens

@Suite struct KeyRefreshTests {
    private let start = Duration.seconds(100)

    @Test func `the first refresh is due at once and the next in an hour`() {
        var refresh = KeyRefresh()
        #expect(refresh.isDue(at: start))
        refresh.succeeded(at: start, lifetime: nil)
        #expect(!refresh.isDue(at: start + .seconds(3599)))
        #expect(refresh.isDue(at: start + .seconds(3600)))
    }

    @Test(arguments: [(0, 300), (299, 300), (600, 600), (86_400, 86_400), (1_000_000, 86_400)])
    func `the issuer's own interval counts between five minutes and a day`(said: Int, effective: Int) {
        var refresh = KeyRefresh()
        refresh.succeeded(at: start, lifetime: .seconds(said))
        #expect(!refresh.isDue(at: start + .seconds(effective - 1)))
        #expect(refresh.isDue(at: start + .seconds(effective)))
    }

    @Test func `tokens cause a fetch every 30 seconds at most, whatever comes of it`() {
        var refresh = KeyRefresh()
        var claims = [refresh.claim(at: start), refresh.claim(at: start)]
        refresh.failed(at: start + .seconds(1))
        claims.append(refresh.claim(at: start + .seconds(29)))
        refresh.succeeded(at: start + .seconds(29), lifetime: nil)
        claims.append(refresh.claim(at: start + .milliseconds(29_999)))
        claims.append(refresh.claim(at: start + .seconds(30)))
        #expect(claims == [true, false, false, false, true])
    }

    @Test func `keys outlive failures by a day and no longer`() {
        var refresh = KeyRefresh()
        #expect(!refresh.keepsKeys(at: start))
        refresh.succeeded(at: start, lifetime: nil)
        refresh.failed(at: start + .seconds(3600))
        #expect(!refresh.isDue(at: start + .seconds(3659)))
        #expect(refresh.isDue(at: start + .seconds(3660)))
        #expect(refresh.keepsKeys(at: start + .seconds(86_399)))
        #expect(!refresh.keepsKeys(at: start + .seconds(86_400)))
    }
}
