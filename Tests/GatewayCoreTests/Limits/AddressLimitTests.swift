import Testing

@testable import GatewayCore

@Suite struct AddressLimitTests {
    private let perHour = LimitRule(.requests, 2, per: .hour, isByAddress: true)

    @Test func `each client address has its own share`() throws {
        let fixture = LimitFixture(limits: [perHour])
        #expect(fixture.passing(5, from: "192.0.2.1") == 2)
        #expect(fixture.passing(5, from: "192.0.2.2") == 2)
        #expect(fixture.passing(5, from: "::ffff:192.0.2.1") == 0)
        #expect(fixture.passing(5) == 2)
        let refusal = try #require(fixture.refusal(from: "192.0.2.1"))
        #expect(
            refusal.message
                == "The limit of 2 requests per hour for each client address of endpoint demo/chat is used up."
        )
        #expect(refusal.report.requests?.policy == "endpoint-requests-hour-address")
        let status = fixture.registry.status(of: LimitFixture.chat, at: LimitFixture.at(0))[0]
        #expect(status.addresses == 3)
        #expect(status.used == 2)
    }

    @Test func `a network of 64 bits counts as one address`() {
        let fixture = LimitFixture(limits: [perHour])
        #expect(fixture.passing(1, from: "2001:db8::1") == 1)
        #expect(fixture.passing(5, from: "2001:db8::ffff:1") == 1)
        #expect(fixture.passing(5, from: "2001:db8:0:1::1") == 2)
    }

    @Test func `concurrency by address is released`() throws {
        let fixture = LimitFixture(limits: [LimitRule(.concurrent, 1, isByAddress: true)])
        let permit = try fixture.reserve(from: "192.0.2.1")
        #expect(fixture.refusal(from: "192.0.2.1") != nil)
        #expect(fixture.refusal(from: "192.0.2.2") == nil)
        permit.settle(.tokens(0), at: LimitFixture.at(0))
        #expect(fixture.passing(3, from: "192.0.2.1") == 1)
    }

    @Test func `a failed request gives back the share of its address`() throws {
        let fixture = LimitFixture(limits: [perHour])
        let permit = try fixture.reserve(from: "192.0.2.1")
        permit.settle(.failed, at: LimitFixture.at(0))
        #expect(fixture.passing(5, from: "192.0.2.1") == 2)
    }

    @Test func `exactly N of each address pass of a thousand at once`() {
        let fixture = LimitFixture(limits: [LimitRule(.requests, 50, per: .hour, isByAddress: true)])
        let results = thousandAtOnce { request in
            (request % 5, (try? fixture.reserve(from: "192.0.2.\(request % 5)")) != nil)
        }
        for address in 0..<5 { #expect(results.count { $0.0 == address && $0.1 } == 50) }
    }

    @Test func `never more than 100,000 addresses are kept, and whole ones go first`() {
        var table = AddressTable(whole: 0)
        let busy = table.insert(key(0)) { $0 == 0 }
        table[busy] = 1
        for number in 1...100_050 {
            let place = table.insert(key(number)) { $0 == 0 }
            table[place] = number % 2
        }
        #expect(table.count <= 100_000)
        #expect(table.place(of: key(100_050)) != nil)
    }

    @Test func `a full table of busy addresses lets the least recently used go`() {
        var table = AddressTable(whole: 0, most: 4)
        var serials: [Int64] = []
        for number in 0..<4 {
            let place = table.insert(key(number)) { $0 == 0 }
            table[place] = 1
            serials.append(table.serial(at: place))
        }
        table.touch(table.place(of: key(0)) ?? -1)
        let place = table.insert(key(9)) { $0 == 0 }
        #expect(table.count == 4)
        #expect(table.place(of: key(1)) == nil)
        #expect(table.place(of: key(0)) != nil)
        #expect(table[place] == 0)
        #expect(!table.holds(serials[1], at: place))
    }

    @Test func `addresses that are whole again are dropped as others come`() {
        let fixture = LimitFixture(limits: [LimitRule(.requests, 2, per: .second, isByAddress: true)])
        for number in 0..<200 {
            #expect(fixture.passing(1, from: "192.0.2.\(number)", at: LimitFixture.at(Double(number))) == 1)
        }
        let now = LimitFixture.at(200)
        #expect(fixture.registry.status(of: LimitFixture.chat, at: now)[0].addresses ?? 0 <= 2)
    }

    private func key(_ number: Int) -> AddressKey {
        AddressKey(IPAddress("10.\(number >> 16).\(number >> 8 & 255).\(number & 255)"))
    }
}
