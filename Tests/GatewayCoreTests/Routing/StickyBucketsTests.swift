import Testing

@testable import GatewayCore

@Suite struct StickyBucketsTests {
    private static let endpoint = "demo/chat"
    private static let names = ["blue", "green", "red", "grey", "white"]

    /// Weights that sum to 100, of so many deployments; another draw for each number.
    private static func weights(_ deployments: Int, draw: Int) -> [String: Int] {
        let cuts = (1..<deployments).map { Int(StableHash.mix(UInt64(draw * 10 + $0)) % 101) }.sorted()
        let shares = zip([0] + cuts, cuts + [100]).map { $1 - $0 }
        return Dictionary(zip(names, shares), uniquingKeysWith: { first, _ in first })
    }

    /// What must move: the sum of what the deployments gain.
    private static func least(_ old: [String: Int], _ new: [String: Int]) -> Int {
        names.map { max(0, (new[$0] ?? 0) - (old[$0] ?? 0)) }.reduce(0, +)
    }

    @Test(arguments: [2, 3, 5])
    func `each of 200 arbitrary changes moves exactly what must move, from losers to gainers`(deployments: Int) {
        var weights = Self.weights(deployments, draw: 0)
        var buckets = StickyBuckets.none.moved(to: weights, endpoint: Self.endpoint)
        for draw in 1...200 {
            let wanted = Self.weights(deployments, draw: draw)
            let next = buckets.moved(to: wanted, endpoint: Self.endpoint)
            let moves = zip(buckets.owners, next.owners).filter { $0 != $1 }
            #expect(moves.count == Self.least(weights, wanted))
            for (old, new) in moves {
                #expect(wanted[old, default: 0] < weights[old, default: 0])
                #expect(wanted[new, default: 0] > weights[new, default: 0])
            }
            for name in Self.names { #expect(next.owners.count { $0 == name } == wanted[name, default: 0]) }
            (weights, buckets) = (wanted, next)
        }
    }

    private typealias Shift = (old: [String: Int], new: [String: Int], moves: Int)

    private static let shifts: [Shift] = [
        (["blue": 50, "green": 30, "red": 20], ["blue": 40, "green": 30, "red": 30], 10),
        (["blue": 50, "green": 30, "red": 20], ["blue": 20, "green": 50, "red": 30], 30),
        (["blue": 100], ["blue": 34, "green": 33, "red": 33], 66),
        (
            ["blue": 40, "green": 30, "red": 10, "grey": 10, "white": 10],
            ["blue": 20, "green": 20, "red": 20, "grey": 20, "white": 20], 30
        ),
        (
            ["blue": 60, "green": 10, "red": 10, "grey": 10, "white": 10],
            ["blue": 10, "green": 10, "red": 10, "grey": 10, "white": 60], 50
        ),
    ]

    @Test(arguments: shifts.indices)
    func `of 40,000 callers those per cents move that must, within 5 % of them`(index: Int) {
        let shift = Self.shifts[index]
        let old = StickyBuckets.none.moved(to: shift.old, endpoint: Self.endpoint)
        let before = Self.ring(shift.old, old)
        let after = Self.ring(shift.new, old)
        let moved = (0..<40_000).map { "demo#app-\($0)" }.count { before.pick($0) != after.pick($0) }
        let expected = shift.moves * 400
        #expect(abs(moved - expected) <= expected / 20, "\(moved) moved, \(expected) had to")
    }

    private static func ring(_ weights: [String: Int], _ owners: StickyBuckets) -> StickyRing {
        StickyRing(endpoint: endpoint, names: names, weights: names.map { weights[$0] ?? 0 }, owners: owners)
    }

    @Test func `of two deployments the same buckets come back, whatever was between`() {
        let first = StickyBuckets.none.moved(to: ["blue": 70, "green": 30], endpoint: Self.endpoint)
        for share in [0, 100, 45, 90] {
            let between = first.moved(to: ["blue": share, "green": 100 - share], endpoint: Self.endpoint)
            #expect(between.moved(to: ["blue": 70, "green": 30], endpoint: Self.endpoint) == first)
        }
    }

    @Test func `without weights everybody stays where they were`() {
        let first = StickyBuckets.none.moved(to: ["blue": 50, "green": 30, "red": 20], endpoint: Self.endpoint)
        #expect(first.moved(to: ["blue": 0, "green": 0], endpoint: Self.endpoint) == first)
        #expect(first.moved(to: ["blue": .max, "green": .max], endpoint: Self.endpoint) == first)
        #expect(StickyBuckets.none.moved(to: [:], endpoint: Self.endpoint) == .none)
    }
}
