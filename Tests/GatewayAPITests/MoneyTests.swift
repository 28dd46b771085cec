import Foundation
import GatewayAPI
import Testing

@Suite struct MoneyTests {
    @Test(
        arguments: [
            ("0", 0), ("12", 12_000_000), ("12.50", 12_500_000), ("0.000001", 1), ("1000000000", 1_000_000_000_000_000),
        ] as [(String, Int64)]
    )
    func `a decimal text is read to the millionth`(text: String, millionths: Int64) {
        #expect(Money(text)?.millionths == millionths)
    }

    @Test(arguments: ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "0.0000001", "1.2.3", "1000000001", "٣", " 1"])
    func `what is no amount is refused`(text: String) {
        #expect(Money(text) == nil)
    }

    @Test(arguments: [1, 100_000, 125, 12_500_000, 999_999_999_999_999, 0, 33_333_333] as [Int64])
    func `a JSON number holds an amount exactly`(millionths: Int64) throws {
        let data = try JSONEncoder().encode([Money(millionths: millionths)])
        #expect(try JSONDecoder().decode([Money].self, from: data).map(\.millionths) == [millionths])
        #expect(Money(Money(millionths: millionths).description)?.millionths == millionths)
    }

    @Test(arguments: ["-1", "0.0000001", "1e10", "\"1\"", "null", "true", "1e400"])
    func `a JSON value that is no amount is refused`(text: String) {
        #expect(throws: (any Error).self) { try JSONDecoder().decode([Money].self, from: Data("[\(text)]".utf8)) }
    }

    @Test func `an amount is written with as few places as it needs`() {
        #expect(Money(millionths: 12_500_000).description == "12.5")
        #expect(Money(millionths: 125).description == "0.000125")
        #expect(Money(millionths: -1_000_000).description == "-1")
    }
}
