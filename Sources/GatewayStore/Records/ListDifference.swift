import GatewayCore

/// What differs between two states of a list that is kept in order: found in one walk, since of 100,000 keys most stay.
struct ListDifference<Element: Equatable & Sendable>: Sendable {
    /// As they were: what is gone, and what has changed.
    private(set) var old: [Element] = []
    /// As they are: what has changed, and what is new.
    private(set) var new: [Element] = []

    /// - Parameter isOrdered: whether the first stands before the second; two that are neither are one, in two states.
    init(_ before: [Element], _ after: [Element], isOrdered: (Element, Element) -> Bool) {
        if before.isSame(as: after) { return }
        var left = before.startIndex
        var right = after.startIndex
        while left < before.endIndex, right < after.endIndex {
            if before[left] == after[right] {
                left += 1
                right += 1
                continue
            }
            let isGone = isOrdered(before[left], after[right])
            let isNew = isOrdered(after[right], before[left])
            if !isNew {
                old.append(before[left])
                left += 1
            }
            if !isGone {
                new.append(after[right])
                right += 1
            }
        }
        old += before[left...]
        new += after[right...]
    }

    var isEmpty: Bool { old.isEmpty && new.isEmpty }
}

extension Array {
    /// Whether both share their storage, as lists do that nobody touched: known without a look at the elements.
    fileprivate func isSame(as other: [Element]) -> Bool {
        count == other.count
            && (unsafe withUnsafeBufferPointer { mine in
                unsafe other.withUnsafeBufferPointer { theirs in unsafe mine.baseAddress == theirs.baseAddress }
            })
    }
}

/// Which keys a change adds, replaces and takes away.
struct KeyDifference: Sendable {
    static let none = KeyDifference(nil, Definitions())

    let pairs: ListDifference<EndpointKey>
    let named: ListDifference<NamedKey>

    init(_ before: Definitions?, _ after: Definitions) {
        pairs = ListDifference(before?.keys ?? [], after.keys) {
            ($0.tenant, $0.endpoint, $0.slot.rawValue) < ($1.tenant, $1.endpoint, $1.slot.rawValue)
        }
        named = ListDifference(before?.namedKeys ?? [], after.namedKeys) {
            ($0.tenant, $0.name) < ($1.tenant, $1.name)
        }
    }

    var isEmpty: Bool { pairs.isEmpty && named.isEmpty }
}
