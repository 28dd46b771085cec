/// Weighted choice that is exact over time: of every 100 requests each deployment gets its per cent.
///
/// The order within 100 is that of smooth weighted round robin (each step the deployment that is owed most), so that a
/// share of 10 is spread evenly and does not come as ten requests in a row.
package final class TrafficSplit: Sendable {
    /// Index into the endpoint's deployments, one per request; empty when nothing has weight.
    private let order: [Int]
    private let turn: RoundRobin

    /// - Parameters:
    ///   - weights: one per deployment, in the endpoint's order; they sum to 100, or all are zero.
    ///   - previous: whose place is taken. The turn goes on from there: were it begun anew, a small share would get nothing
    ///     while weights change more often than its turn comes.
    package init(weights: [Int], after previous: TrafficSplit? = nil) {
        turn = RoundRobin(after: previous?.turn)
        let total = weights.reduce(0, +)
        var owed = weights.map { _ in 0 }
        var order: [Int] = []
        order.reserveCapacity(total)
        for _ in 0..<max(0, total) {
            for index in weights.indices { owed[index] += weights[index] }
            var best = 0
            for index in weights.indices where owed[index] > owed[best] { best = index }
            owed[best] -= total
            order.append(best)
        }
        self.order = order
    }

    /// The deployment whose turn it is; `nil` when none has weight.
    package func pick() -> Int? {
        order.isEmpty ? nil : order[turn.next(below: order.count)]
    }

    package func hasWeight(_ index: Int) -> Bool { order.contains(index) }
}
