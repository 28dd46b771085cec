import GatewayAPI
import Testing

@testable import gatehouse

@Suite struct InstancePricesTests {
    private func prices(_ text: String) throws -> [String: Money] {
        try InstancePrices.read(try YAMLFile(name: "instances.yaml", text: text))
    }

    @Test func `each instance type has its price per hour`() throws {
        let found = try prices("Standard_DS3_v2: 0.27\nauto: 0\n")
        #expect(found == ["Standard_DS3_v2": Money(millionths: 270_000), "auto": Money(millionths: 0)])
        #expect(try prices("").isEmpty)
    }

    @Test(arguments: ["- a", "a: cheap", "a: -1", "a: {b: 1}", "a: 1\n---\nb: 2"])
    func `what is no price is refused`(text: String) {
        #expect(throws: DocumentProblem.self) { try prices(text) }
    }
}
