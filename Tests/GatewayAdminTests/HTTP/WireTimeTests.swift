import GatewayAdmin
import Testing

@Suite struct WireTimeTests {
    @Test func `a precise time has its day and its thousandths`() {
        #expect(WireTime.precise(milliseconds: 1_798_740_000_250) == "2026-12-31T18:00:00.250Z")
        #expect(WireTime.precise(milliseconds: 0) == "1970-01-01T00:00:00.000Z")
    }

    @Test(arguments: ["2026-12-31T18:00:00Z", "2026-12-31T18:00:00.250Z", "2026-12-31T19:00:00+01:00"])
    func `a time is read with and without thousandths, in its zone`(text: String) {
        #expect(WireTime.seconds(text) == 1_798_740_000)
    }

    @Test(arguments: ["18:00:00.250Z", "2026-02-30T18:00:00Z", "2026-12-31T25:00:00Z", "2026-12-31", ""])
    func `what is no time is none`(text: String) {
        #expect(WireTime.seconds(text) == nil)
    }
}
