import Testing

@testable import GatewayCore

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

    @Test func `what nobody has any more is forgotten, and its number is given out again`() throws {
        func instance(_ number: Int) throws -> Instance {
            let address = try InstanceAddress.parse("http://a:\(1 + number)").get()
            return registry.instance(at: address, of: "demo/chat/d\(number)", isReady: false, isUsable: true)
        }
        let kept = try instance(0)
        for number in 1...10_000 {
            let passing = try instance(number)
            _ = (registry.queue(for: [passing]), registry.budget(of: "demo/chat/d\(number)"))
            if number.isMultiple(of: 1000) { registry.forgetUnused() }
        }
        registry.forgetUnused()
        #expect(registry.count == 1 && kept.number == 0)
        #expect(try instance(0) === kept)
        #expect(try instance(1).number == 1)
    }

    @Test func `a worker that answers is remembered, whoever has it`() throws {
        let address = InstanceAddress(transport: .unix(path: "/run/w.sock"))
        registry.instance(at: address, isReady: false).markReady(true)
        registry.forgetUnused()
        #expect(registry.workers(of: "demo/chat/local", at: [address]).map(\.isReady) == [true])
        registry.instance(at: address, isReady: false).markReady(false)
        registry.forgetUnused()
        #expect(registry.count == 0)
    }

    @Test func `a worker of earlier settings that dies is the deployment's until it is kept no more`() {
        let addresses = ["earlier", "later"].map { InstanceAddress(transport: .unix(path: "/run/\($0).sock")) }
        let earlier = registry.workers(of: "demo/chat/local", at: [addresses[0]])[0]
        func others() -> [Instance] {
            registry.forgetUnused()
            return Array(registry.workers(of: "demo/chat/local", at: [addresses[1]]).dropFirst())
        }
        // One that has never answered is of no use.
        #expect(others().isEmpty)
        earlier.markReady(true)
        #expect(registry.workers(of: "demo/chat/local", at: [addresses[0]]).first === earlier)
        #expect(others().first === earlier)
        earlier.markReady(false)
        #expect(others().first === earlier && others().count == 1)
        earlier.retire()
        #expect(others().isEmpty)
    }

    @Test func `a new instance starts as it is told`() throws {
        #expect(try instance("http://a:1", isReady: true).isReady)
        #expect(try !instance("http://b:1", isReady: false).isReady)
    }
}
