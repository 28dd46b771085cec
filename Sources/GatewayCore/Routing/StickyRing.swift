/// Assigns callers to deployments by weight, always the same way: a hash leads to one of 100 buckets, whose owner is
/// looked up.
package struct StickyRing: Sendable {
    /// Index of the deployment for each bucket, `nil` for one that is not there; empty when none has weight.
    private let buckets: [Int?]
    private let salt: StableHash

    /// - Parameters:
    ///   - endpoint: `tenant/endpoint`: another one assigns the same caller anew.
    ///   - names: of the deployments; their order does not matter.
    ///   - weights: one for each.
    ///   - owners: the assignment before; what does not fit the weights moves.
    package init(endpoint: String, names: [String], weights: [Int], owners: StickyBuckets = .none) {
        var salt = StableHash("sticky")
        salt.add(endpoint)
        self.salt = salt
        let shares = Dictionary(zip(names, weights), uniquingKeysWith: { first, _ in first })
        let hasWeight = weights.contains { $0 > 0 }
        buckets =
            hasWeight
            ? owners.moved(to: shares, endpoint: endpoint).owners.map { names.firstIndex(of: $0) } : []
    }

    /// The caller's deployment; `nil` when none has weight.
    package func pick(_ caller: String) -> Int? {
        guard !buckets.isEmpty else { return nil }
        var hash = salt
        hash.add(caller)
        return buckets[Int(hash.value.multipliedFullWidth(by: UInt64(buckets.count)).high)]
    }
}
