package import GatewayCore

extension Store {
    /// Replaces the keys whose turn it is by their endpoint's rule: the older of the two, the primary when they
    /// are of one age.
    ///
    /// - Returns: the new keys; for each of them the overlap has begun.
    package func rotateDue(now: Int64) async throws(StoreError) -> [EndpointKey] {
        guard !definitions.dueKeys(at: now).isEmpty else { return [] }
        return try await change(at: now) { transaction in
            let due = transaction.definitions.dueKeys(at: now)
            for (key, rule) in due {
                // What a person was promised for an earlier key holds.
                let (overlap, slot) = (rule.overlap, key.slot)
                transaction.issueKey(key.tenant, key.endpoint, slot: slot, grace: overlap, endsEarlier: false)
            }
            let places = Set(due.map(\.key.place))
            return transaction.definitions.keys.filter { places.contains($0.place) }
        }
    }

    /// Forgets replaced keys whose grace is over.
    ///
    /// - Returns: how many.
    package func dropExpired(now: Int64) async throws(StoreError) -> Int {
        guard definitions.hasExpired(at: now) else { return 0 }
        return try await change(at: now) { transaction in
            var dropped = 0
            for index in transaction.definitions.keys.indices {
                dropped += transaction.definitions.keys[index].retired.drop(at: now)
            }
            for index in transaction.definitions.namedKeys.indices {
                dropped += transaction.definitions.namedKeys[index].retired.drop(at: now)
            }
            return dropped
        }
    }
}

extension Definitions {
    fileprivate func dueKeys(at now: Int64) -> [(key: EndpointKey, rule: RotationRule)] {
        let rules = Dictionary(
            endpoints.compactMap { endpoint in endpoint.keyRotation.map { (endpoint.path, $0) } },
            uniquingKeysWith: { first, _ in first }
        )
        guard !rules.isEmpty else { return [] }
        return Dictionary(grouping: keys, by: \.endpointPath).sorted { $0.key < $1.key }.compactMap { path, pair in
            // The primary comes first, and `min` takes the first of equals.
            guard let rule = rules[path], let newest = pair.map(\.createdAt).max(), newest + rule.every <= now,
                let oldest = pair.min(by: { $0.createdAt < $1.createdAt })
            else { return nil }
            return (oldest, rule)
        }
    }

    fileprivate func hasExpired(at now: Int64) -> Bool {
        keys.contains { $0.retired.hasExpired(at: now) } || namedKeys.contains { $0.retired.hasExpired(at: now) }
    }
}

extension [RetiredKey] {
    fileprivate func hasExpired(at now: Int64) -> Bool { contains { $0.validUntil <= now } }

    /// Leaves out what opens nothing any more.
    ///
    /// - Returns: how many those were.
    fileprivate mutating func drop(at now: Int64) -> Int {
        let kept = filter { $0.validUntil > now }
        defer { if kept.count < count { self = kept } }
        return count - kept.count
    }
}
