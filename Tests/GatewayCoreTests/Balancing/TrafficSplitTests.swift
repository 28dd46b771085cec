import GatewayCore
import Testing

@Suite struct TrafficSplitTests {
    @Test(arguments: [
        [100], [90, 10], [50, 50], [1, 99], [33, 33, 34], [0, 100], [70, 0, 20, 10], [97, 1, 1, 1],
    ])
    func `of every 100 requests each deployment gets its per cent`(weights: [Int]) throws {
        let split = TrafficSplit(weights: weights)
        for _ in 0..<3 {
            var counts = weights.map { _ in 0 }
            for _ in 0..<100 { counts[try #require(split.pick())] += 1 }
            #expect(counts == weights)
        }
    }

    @Test func `a small share is spread evenly`() throws {
        let split = TrafficSplit(weights: [90, 10])
        let picks = (0..<300).compactMap { _ in split.pick() }
        let places = picks.indices.filter { picks[$0] == 1 }
        for (first, second) in zip(places, places.dropFirst()) { #expect((9...11).contains(second - first)) }
    }

    @Test func `a small share keeps its turn over changes that come faster`() {
        var split = TrafficSplit(weights: [90, 10])
        var picks: [Int?] = []
        for change in 0..<100 {
            split = TrafficSplit(weights: change % 2 == 0 ? [91, 9] : [90, 10], after: split)
            for _ in 0..<3 { picks.append(split.pick()) }
        }
        #expect((20...40).contains(picks.count { $0 == 1 }), "\(picks.count { $0 == 1 })")
    }

    @Test func `equal shares alternate`() {
        let split = TrafficSplit(weights: [50, 50])
        #expect((0..<6).map { _ in split.pick() } == [0, 1, 0, 1, 0, 1])
    }

    @Test(arguments: [[], [0], [0, 0, 0]]) func `no weight is no traffic`(weights: [Int]) {
        let split = TrafficSplit(weights: weights)
        #expect(split.pick() == nil)
        #expect(!split.hasWeight(0))
    }

    @Test func `who has weight is known`() {
        let split = TrafficSplit(weights: [90, 0, 10])
        #expect((0..<4).map(split.hasWeight) == [true, false, true, false])
    }

    @Test func `10,000 requests from several threads keep each share within 1 per cent`() async {
        let split = TrafficSplit(weights: [70, 20, 10])
        let counts = await withTaskGroup(of: [Int].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var own = [0, 0, 0]
                    for _ in 0..<1250 {
                        if let pick = split.pick() { own[pick] += 1 }
                    }
                    return own
                }
            }
            return await group.reduce(into: [0, 0, 0]) { all, own in
                for index in own.indices { all[index] += own[index] }
            }
        }
        #expect(counts == [7000, 2000, 1000])
    }
}
