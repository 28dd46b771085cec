import Testing

@testable import GatewayTLS

@Suite struct TicketKeysTests {
    @Test func `a key seals for half a day and opens for one`() throws {
        let start = ContinuousClock.Instant.now
        let keys = try TicketKeys(now: start)
        let first = keys.sealingKey(now: start)
        #expect(keys.sealingKey(now: start + .seconds(11 * 3_600)).name == first.name)
        let second = keys.sealingKey(now: start + .seconds(12 * 3_600))
        #expect(second.name != first.name)
        #expect(keys.openingKey(named: first.name, now: start + .seconds(13 * 3_600))?.isOld == true)
        #expect(keys.openingKey(named: second.name, now: start + .seconds(13 * 3_600))?.isOld == false)
        #expect(keys.openingKey(named: first.name, now: start + .seconds(24 * 3_600)) == nil)
    }

    @Test func `a key that nobody used for a day opens nothing`() throws {
        let start = ContinuousClock.Instant.now
        let keys = try TicketKeys(now: start)
        let first = keys.sealingKey(now: start)
        #expect(keys.openingKey(named: first.name, now: start + .seconds(30 * 3_600)) == nil)
    }
}
