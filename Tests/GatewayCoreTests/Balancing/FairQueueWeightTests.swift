import GatewayCore
import Testing

/// What a tenant and a caller weigh where requests wait.
@Suite struct FairQueueWeightTests {
    private typealias Weights = FairQueue<String>.Weights

    /// On which of the two levels a weight is.
    enum Level: CaseIterable, Sendable {
        case tenants
        case callers
    }

    /// A queue whose elements are the names of who has them waiting.
    private struct Line {
        var queue: FairQueue<String>
        private var number = 0

        init(bound: Int = 10_000) { queue = FairQueue(bound: bound) }

        mutating func add(_ name: String, _ weight: Int, on level: Level) -> FairQueue<String>.Entry {
            switch level {
            case .tenants: add(name, tenant: name, caller: "x", Weights(tenant: weight))
            case .callers: add(name, tenant: "demo", caller: name, Weights(caller: weight))
            }
        }

        mutating func add(_ name: String, tenant: String, caller: String, _ weights: Weights)
            -> FairQueue<String>.Entry
        {
            number += 1
            return queue.add(name, number: number, of: .init(tenant: tenant, caller: caller), weights)
        }

        mutating func serve() -> String? {
            guard let next = queue.next(of: \.self, where: { _ in true }) else { return nil }
            queue.serve(next.flow)
            return next.element
        }

        /// How often this one is among the next.
        mutating func serve(_ times: Int, counting name: String) -> Int {
            (0..<times).count { _ in serve() == name }
        }
    }

    @Test(arguments: [(3, 1), (1, 1), (100, 1), (2, 3), (97, 3), (64, 36)], Level.allCases)
    func `two that always have requests waiting are served as they weigh, exactly, over a long run`(
        weights: (a: Int, b: Int),
        level: Level
    ) {
        var line = Line()
        for _ in 0..<3 {
            _ = line.add("b", weights.b, on: level)
            _ = line.add("a", weights.a, on: level)
        }
        let rounds = 200
        var served = ["a": 0, "b": 0]
        for _ in 0..<rounds * (weights.a + weights.b) {
            guard let name = line.serve() else { break }
            served[name, default: 0] += 1
            _ = line.add(name, name == "a" ? weights.a : weights.b, on: level)
        }
        #expect(served == ["a": rounds * weights.a, "b": rounds * weights.b])
    }

    @Test func `every four places are three and one, not three quarters somewhere`() {
        var line = Line()
        for _ in 0..<40 {
            _ = line.add("light", 1, on: .callers)
            _ = line.add("heavy", 3, on: .callers)
        }
        for _ in 0..<10 { #expect(line.serve(4, counting: "heavy") == 3) }
    }

    @Test func `a tenant's weight is shared by its callers, and theirs is no business of other tenants`() {
        var line = Line()
        for _ in 0..<100 {
            _ = line.add("a2", tenant: "a", caller: "2", Weights(tenant: 3, caller: 2))
            _ = line.add("a1", tenant: "a", caller: "1", Weights(tenant: 3, caller: 1))
            _ = line.add("b100", tenant: "b", caller: "100", Weights(tenant: 1, caller: 100))
        }
        var served: [String: Int] = [:]
        for _ in 0..<80 { served[line.serve() ?? "", default: 0] += 1 }
        #expect(served == ["a2": 40, "a1": 20, "b100": 20])
    }

    @Test(arguments: Level.allCases)
    func `a new weight counts from the next request on, also for those that wait`(level: Level) {
        var line = Line()
        for _ in 0..<100 {
            _ = line.add("a", 1, on: level)
            _ = line.add("b", 1, on: level)
        }
        #expect(line.serve(20, counting: "a") == 10)
        _ = line.add("a", 3, on: level)
        #expect(line.serve(40, counting: "a") == 30)
        _ = line.add("a", 1, on: level)
        #expect(line.serve(20, counting: "a") == 10)
    }

    @Test func `asking again at once wins no more than the weight`() {
        var line = Line()
        for _ in 0..<100 { _ = line.add("patient", 1, on: .callers) }
        _ = line.add("eager", 3, on: .callers)
        var eager = 0
        for _ in 0..<60 where line.serve() == "eager" {
            eager += 1
            _ = line.add("eager", 3, on: .callers)
        }
        #expect((44...46).contains(eager))
    }

    @Test func `who weighs little and comes last is next all the same`() {
        var line = Line()
        for _ in 0..<1000 { _ = line.add("heavy", 100, on: .tenants) }
        for _ in 0..<500 { _ = line.serve() }
        _ = line.add("light", 1, on: .tenants)
        #expect(line.serve(2, counting: "light") == 1)
    }

    @Test(arguments: Level.allCases)
    func `in a full queue who has more for its weight gives up places, and never takes them back`(level: Level) {
        var line = Line(bound: 8)
        for _ in 0..<8 { _ = line.add("light", 1, on: level) }
        for _ in 0..<6 {
            guard case .displaces("light") = line.add("heavy", 3, on: level) else {
                Issue.record("the heavy one got no place")
                return
            }
        }
        // Six and two are three to one.
        for (name, weight) in [("heavy", 3), ("light", 1), ("heavy", 3)] {
            guard case .full = line.add(name, weight, on: level) else {
                Issue.record("\(name) took a place that is the other's")
                return
            }
        }
        #expect(line.queue.count == 8)
        #expect(line.serve(8, counting: "heavy") == 6)
    }

    @Test(arguments: Level.allCases)
    func `who weighs more keeps a place that one of equal weight would have to give up`(level: Level) {
        var line = Line(bound: 4)
        for _ in 0..<3 { _ = line.add("heavy", 3, on: level) }
        _ = line.add("light", 1, on: level)
        guard case .full = line.add("light", 1, on: level) else {
            Issue.record("it took the place of one that has less for its weight")
            return
        }
        // With the same weight, it has more.
        guard case .displaces("heavy") = line.add("light", 3, on: level) else {
            Issue.record("its new weight did not count")
            return
        }
    }

    @Test func `a weight out of range counts as the nearest that is not`() {
        let weights = Weights(tenant: 0, caller: 1000)
        #expect(weights.tenant == 1 && weights.caller == 100)
    }
}
