/// Counts by a key of which there are few.
struct Tally<Key: Equatable & Sendable>: Sendable {
    private(set) var counts: [(key: Key, count: Int64)] = []
    private let most: Int
    private let rest: Key

    /// - Parameters:
    ///   - most: keys that are told apart.
    ///   - rest: what all others count as.
    init(most: Int = 64, rest: Key) {
        self.most = most
        self.rest = rest
    }

    mutating func add(_ key: Key, _ count: Int64 = 1) {
        if let index = counts.firstIndex(where: { $0.key == key }) {
            counts[index].count += count
        } else if counts.count < most || key == rest {
            counts.append((key, count))
        } else {
            add(rest, count)
        }
    }
}
