import Testing

@testable import Llama

@Suite struct RowFillingTests {
    /// The time of a step by its number of rows, as a processor takes that computes four at once, and those that are left
    /// over one by one for the same price.
    private static func inFours(_ rows: Int) -> Duration { .milliseconds(10 * (rows / 4 + rows % 4)) }

    /// A step of these slots out of 16, of which all others are free.
    private func step(_ filling: inout RowFilling, _ needed: [Int], _ time: ([Int]) -> Duration) -> [Int] {
        let fillers = filling.choose(needed, of: 16, isTimed: true) { _ in true }
        filling.took(time(needed + fillers))
        return fillers.sorted()
    }

    @Test(arguments: [
        ([0, 1, 2], [3]), ([13, 14, 15], [12]), ([4, 5, 6, 8, 9, 10], [7, 11]), ([0, 15], Array(1...14)),
    ])
    func `gaps are filled, and what is missing to whole tiles`(needed: [Int], fillers: [Int]) {
        var filling = RowFilling()
        #expect(step(&filling, needed) { Self.inFours($0.count) } == fillers)
    }

    @Test func `rows are filled where that is faster`() {
        var filling = RowFilling()
        for _ in 0..<2 { _ = step(&filling, [0, 1, 2]) { Self.inFours($0.count) } }
        for _ in 0..<100 { #expect(step(&filling, [0, 1, 2]) { Self.inFours($0.count) } == [3]) }
    }

    @Test func `rows are not filled where each takes its time`() {
        var filling = RowFilling()
        for _ in 0..<2 { _ = step(&filling, [0, 1, 2]) { .milliseconds($0.count) } }
        for _ in 0..<100 { #expect(step(&filling, [0, 1, 2]) { .milliseconds($0.count) }.isEmpty) }
    }

    @Test func `slots far from each other are computed apart where what lies between takes longer`() {
        var filling = RowFilling()
        let time: ([Int]) -> Duration = { $0.count == 2 ? .milliseconds(20) : Self.inFours($0.count) }
        for _ in 0..<2 { _ = step(&filling, [0, 15], time) }
        #expect(step(&filling, [0, 15], time).isEmpty)
    }

    @Test func `a machine that has changed is noticed`() {
        var filling = RowFilling()
        for _ in 0..<2 { _ = step(&filling, [0, 1, 2]) { .milliseconds($0.count) } }
        for _ in 0..<2000 { _ = step(&filling, [0, 1, 2]) { Self.inFours($0.count) } }
        #expect(step(&filling, [0, 1, 2]) { Self.inFours($0.count) } == [3])
    }

    @Test func `one row stays alone, and slots in use are not filled`() {
        var filling = RowFilling()
        #expect(filling.choose([5], of: 16, isTimed: true) { _ in true }.isEmpty)
        #expect(filling.choose([0, 1, 3], of: 16, isTimed: true) { $0 != 2 }.isEmpty)
        #expect(filling.choose([0, 1, 2], of: 3, isTimed: true) { _ in true }.isEmpty)
        #expect(filling.choose([4, 5], of: 16, isTimed: true) { $0 < 4 }.sorted() == [2, 3])
    }
}
