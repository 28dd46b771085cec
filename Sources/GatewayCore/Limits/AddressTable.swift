/// Whose counter it is where addresses are counted.
///
/// An IPv6 network of 64 bits counts as one: each of its hosts has more addresses than a gateway has memory.
package struct AddressKey: Sendable, Hashable {
    private let high: UInt64
    private let low: UInt64

    /// Clients without an address (Unix sockets) share one counter.
    package init(_ address: IPAddress?) {
        high = address?.high ?? 0
        low = address.map { $0.isIPv4 ? $0.low : 0 } ?? 0
    }
}

/// The counters of one rule by address, never more than `most`.
///
/// Kept in the order of use. A new address drops counters at the old end that are whole again, for nothing is lost with
/// them; when the table is full of others, the least recently used goes, and what it has running is not counted any more.
struct AddressTable<Counter: Sendable>: Sendable {
    private struct Entry {
        var key: AddressKey
        /// Tells a counter from a later one in the same place.
        var serial: Int64
        var older: Int32
        var newer: Int32
        var counter: Counter
    }

    private static var none: Int32 { -1 }

    private let most: Int
    private let whole: Counter
    private var entries: [Entry] = []
    private var places: [AddressKey: Int32] = [:]
    private var free: [Int32] = []
    private var oldest: Int32 = -1
    private var newest: Int32 = -1
    private var lastSerial: Int64 = 0

    init(whole: Counter, most: Int = 100_000) {
        self.whole = whole
        self.most = most
    }

    var count: Int { places.count }
    var counters: some Sequence<Counter> { places.values.lazy.map { entries[Int($0)].counter } }

    func place(of key: AddressKey) -> Int32? { places[key] }

    func serial(at place: Int32) -> Int64 { entries[Int(place)].serial }

    /// Whether the counter is still the one that a permit took from.
    func holds(_ serial: Int64, at place: Int32) -> Bool {
        Int(place) < entries.count && entries[Int(place)].serial == serial
    }

    /// The counter at a place that `place(of:)` or `insert` told.
    subscript(place: Int32) -> Counter {
        _read { yield entries[Int(place)].counter }
        _modify { yield &entries[Int(place)].counter }
    }

    /// A whole counter for a new address.
    mutating func insert(_ key: AddressKey, isWhole: (Counter) -> Bool) -> Int32 {
        makeRoom(isWhole)
        lastSerial += 1
        let entry = Entry(key: key, serial: lastSerial, older: Self.none, newer: Self.none, counter: whole)
        let place: Int32
        if let reused = free.popLast() {
            entries[Int(reused)] = entry
            place = reused
        } else {
            place = Int32(entries.count)
            entries.append(entry)
        }
        places[key] = place
        append(place)
        return place
    }

    /// Makes an address the most recently used.
    mutating func touch(_ place: Int32) {
        guard place != newest else { return }
        detach(place)
        append(place)
    }

    /// Looks at a few of the oldest, so that one insertion never pays for the whole table.
    private mutating func makeRoom(_ isWhole: (Counter) -> Bool) {
        for _ in 0..<2 where oldest != Self.none && isWhole(entries[Int(oldest)].counter) { remove(oldest) }
        guard places.count >= most else { return }
        var place = oldest
        for _ in 0..<64 where place != Self.none {
            if isWhole(entries[Int(place)].counter) { return remove(place) }
            place = entries[Int(place)].newer
        }
        remove(oldest)
    }

    private mutating func remove(_ place: Int32) {
        detach(place)
        places[entries[Int(place)].key] = nil
        entries[Int(place)].serial = 0
        entries[Int(place)].counter = whole
        free.append(place)
    }

    private mutating func append(_ place: Int32) {
        entries[Int(place)].older = newest
        entries[Int(place)].newer = Self.none
        if newest == Self.none { oldest = place } else { entries[Int(newest)].newer = place }
        newest = place
    }

    private mutating func detach(_ place: Int32) {
        let (older, newer) = (entries[Int(place)].older, entries[Int(place)].newer)
        if older == Self.none { oldest = newer } else { entries[Int(older)].newer = newer }
        if newer == Self.none { newest = older } else { entries[Int(newer)].older = older }
    }
}
