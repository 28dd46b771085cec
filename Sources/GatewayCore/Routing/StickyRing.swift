/// Assigns callers to deployments by weight, always the same way: rendezvous hashing with one point for each per cent.
///
/// Every point of every deployment draws a number for the caller, and the highest wins. A change of weights adds points or
/// takes some away, so only callers move whose winner is gone or beaten by a new point: of two deployments exactly the
/// share that must. Nothing is remembered.
package struct StickyRing: Sendable {
    private struct Point {
        let seed: UInt64
        let deployment: Int
    }

    private let points: [Point]
    private let salt: StableHash

    /// - Parameters:
    ///   - endpoint: `tenant/endpoint`: another one assigns the same caller anew.
    ///   - names: of the deployments; their order does not matter.
    ///   - weights: one for each.
    package init(endpoint: String, names: [String], weights: [Int]) {
        var salt = StableHash("sticky")
        salt.add(endpoint)
        self.salt = salt
        var points: [Point] = []
        for (index, name) in names.enumerated() where weights[index] > 0 {
            let base = StableHash(name).value
            for number in 0..<weights[index] {
                points.append(Point(seed: StableHash.mix(base &+ UInt64(number)), deployment: index))
            }
        }
        self.points = points
    }

    /// The caller's deployment; `nil` when none has weight.
    package func pick(_ caller: String) -> Int? {
        var hash = salt
        hash.add(caller)
        let own = hash.value
        var best: (score: UInt64, deployment: Int)?
        for point in points {
            let score = StableHash.mix(own ^ point.seed)
            if best.map({ score > $0.score }) ?? true { best = (score, point.deployment) }
        }
        return best?.deployment
    }
}
