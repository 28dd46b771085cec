import GatewayCore
import Testing

@Suite struct StickyRingTests {
    private static let callers = (0..<10_000).map { "demo@subject-\($0)" }

    private static func assign(
        _ weights: [(String, Int)],
        endpoint: String = "demo/chat"
    ) -> [String] {
        let ring = StickyRing(endpoint: endpoint, names: weights.map(\.0), weights: weights.map(\.1))
        return callers.map { caller in ring.pick(caller).map { weights[$0].0 } ?? "" }
    }

    @Test(arguments: [
        [("blue", 90), ("green", 10)], [("blue", 50), ("green", 50)], [("blue", 1), ("green", 99)],
        [("blue", 70), ("green", 0), ("red", 20), ("grey", 10)],
    ])
    func `of 10,000 callers each deployment gets its per cent`(weights: [(String, Int)]) {
        let assigned = Self.assign(weights)
        for (name, weight) in weights {
            let count = assigned.count { $0 == name }
            // Five standard deviations of a fair draw.
            let chance = Double(weight) / 100
            #expect(
                abs(Double(count) - 10_000 * chance) <= 5 * (10_000 * chance * (1 - chance)).squareRoot(),
                "\(count)"
            )
        }
    }

    @Test func `the assignment is written in stone`() {
        let ring = StickyRing(endpoint: "demo/chat", names: ["blue", "green"], weights: [50, 50])
        let picks = (0..<16).compactMap { ring.pick("demo#app-\($0)") }
        // Another line here means that every caller of every installation moves with the next release.
        #expect(picks == Self.stone)
    }

    private static let stone = [0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1]

    @Test func `the order of deployments does not matter`() {
        let one = Self.assign([("blue", 60), ("green", 30), ("red", 10)])
        let other = Self.assign([("red", 10), ("blue", 60), ("green", 30)])
        #expect(one == other)
    }

    @Test(arguments: [(90, 80), (100, 90), (50, 51), (10, 95)])
    func `between two deployments only the share that must moves, and one way`(before: Int, after: Int) {
        let old = Self.assign([("blue", before), ("green", 100 - before)])
        let new = Self.assign([("blue", after), ("green", 100 - after)])
        let moved = zip(old, new).filter { $0 != $1 }
        let winner = after > before ? "blue" : "green"
        #expect(moved.allSatisfy { $0.1 == winner })
        let share = abs(after - before) * 100
        // Five standard deviations of the hash.
        let deviation = abs(Double(moved.count - share))
        #expect(deviation <= 5 * Double(share).squareRoot(), "\(moved.count) moved, \(share) had to")
    }

    @Test func `weights that return bring everybody back`() {
        let old = Self.assign([("blue", 90), ("green", 10)])
        _ = Self.assign([("blue", 0), ("green", 100)])
        #expect(Self.assign([("blue", 90), ("green", 10)]) == old)
    }

    @Test func `two endpoints assign the same callers apart`() {
        let chat = Self.assign([("blue", 50), ("green", 50)])
        let search = Self.assign([("blue", 50), ("green", 50)], endpoint: "demo/search")
        let alike = zip(chat, search).count { $0 == $1 }
        #expect((4700...5300).contains(alike), "\(alike)")
    }

    @Test func `without weight nobody is assigned`() {
        #expect(StickyRing(endpoint: "demo/chat", names: ["blue"], weights: [0]).pick("a") == nil)
    }
}
