import GatewayCore
import Testing

@Suite struct InstanceRegistryTests {
    private let registry = InstanceRegistry()

    private func instance(_ url: String, isReady: Bool = true) throws -> Instance {
        registry.instance(at: try InstanceAddress.parse(url).get(), isReady: isReady)
    }

    @Test func `an address keeps its instance, and what is known of it, over every snapshot`() throws {
        let first = try instance("http://a:1")
        first.markReady(false)
        let second = try instance("http://A:1/", isReady: true)
        #expect(first === second)
        #expect(!second.isReady)
    }

    @Test func `instances are numbered from zero without gaps`() throws {
        let numbers = try ["http://a:1", "http://a:2", "http://a:1", "unix:/a", "https://a:1"].map {
            try instance($0).number
        }
        #expect(numbers == [0, 1, 0, 2, 3])
    }

    @Test func `a new instance starts as it is told`() throws {
        #expect(try instance("http://a:1", isReady: true).isReady)
        #expect(try !instance("http://b:1", isReady: false).isReady)
    }
}
