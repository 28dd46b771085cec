/// Which deployment each hundredth of an endpoint's callers is assigned to.
///
/// Remembered from one change of the weights to the next, because no pure function of the weights moves only the callers
/// that must move once there are three deployments. Take the weights 50/50/0, 50/0/50 and 0/50/50: between any two of them
/// half the callers need not move, but whoever has one deployment under two of them has another under the third. So of the
/// three changes each caller sits out one at most, where minimal moves want 3 × ½ on average (Bavarian et al., "Optimality
/// of Correlated Sampling Strategies", Theory of Computing 16, 2020).
package struct StickyBuckets: Sendable, Equatable {
    /// One for each per cent.
    package static let count = 100
    package static let none = StickyBuckets([])

    /// The deployment's name, for each bucket; empty while nobody is assigned.
    package let owners: [String]

    package init(_ owners: [String]) {
        self.owners = owners
    }

    /// The buckets after a change of the weights: as many change their owner as the owners lose per cents, and no more.
    ///
    /// Of all that could move, those go that hash closest to the new owner. Of two deployments they are always the same
    /// ones, whatever was between.
    ///
    /// - Parameters:
    ///   - weights: by the deployment's name. When they do not sum to 100 everything stays.
    ///   - endpoint: `tenant/endpoint`: another one assigns the same caller anew.
    package func moved(to weights: [String: Int], endpoint: String) -> StickyBuckets {
        guard weights.values.allSatisfy((0...Self.count).contains), weights.values.reduce(0, +) == Self.count,
            let first = weights.filter({ $0.value > 0 }).keys.min()
        else { return self }
        var owners = owners.count == Self.count ? owners : Array(repeating: first, count: Self.count)
        // What a deployment has beyond its weight; below zero what it lacks.
        var surplus = weights.mapValues { -$0 }
        for owner in owners { surplus[owner, default: 0] += 1 }
        for move in Move.all(owners, surplus, endpoint: endpoint) {
            let owner = owners[move.bucket]
            guard surplus[owner, default: 0] > 0, surplus[move.gainer, default: 0] < 0 else { continue }
            owners[move.bucket] = move.gainer
            surplus[owner, default: 0] -= 1
            surplus[move.gainer, default: 0] += 1
        }
        return StickyBuckets(owners)
    }
}

/// A bucket that could change its owner.
private struct Move {
    let bucket: Int
    let gainer: String
    /// How much closer the bucket hashes to the new owner than to the old one.
    let gain: Int

    /// The best ones first.
    static func all(_ owners: [String], _ surplus: [String: Int], endpoint: String) -> [Move] {
        let gainers = surplus.filter { $0.value < 0 }.map { (name: $0.key, seed: seed($0.key, endpoint)) }
        let losers = surplus.filter { $0.value > 0 }.keys.map { ($0, seed($0, endpoint)) }
        let seeds = Dictionary(losers, uniquingKeysWith: { first, _ in first })
        let moves = owners.enumerated().flatMap { bucket, owner -> [Move] in
            guard let loser = seeds[owner] else { return [] }
            return gainers.map { gainer in
                Move(bucket: bucket, gainer: gainer.name, gain: score(gainer.seed, bucket) - score(loser, bucket))
            }
        }
        return moves.sorted { ($1.gain, $0.bucket, $0.gainer) < ($0.gain, $1.bucket, $1.gainer) }
    }

    private static func seed(_ deployment: String, _ endpoint: String) -> UInt64 {
        var hash = StableHash("sticky bucket")
        hash.add(endpoint)
        hash.add(deployment)
        return hash.value
    }

    /// 0 to 2^62: the difference of two is an `Int` too.
    private static func score(_ seed: UInt64, _ bucket: Int) -> Int {
        Int(StableHash.mix(seed &+ UInt64(bucket)) >> 2)
    }
}
