/// Every counter of one tenant: a value that decides; `TenantLedger` guards it.
struct Ledger: Sendable {
    /// Where a rule's counter is.
    enum Place: Sendable {
        case rate(Int)
        case running(Int)
        case quota(Int)
        case rateByAddress(Int)
        case runningByAddress(Int)
    }

    /// What one request holds of one rule, and what was left of it.
    struct Holding: Sendable {
        /// Of rates: where the part that was taken lies in the queue.
        var position: Int128 = 0
        /// In units for rates; what was free before the request when it was refused, else after it.
        var left: Int128 = 0
        var amount: Int64 = 0
        /// The counter's window or address, so that nothing is given back to a later one.
        var serial: Int64 = 0
        /// Of quotas: nanoseconds until the next window.
        var resetAfter: Int64 = 0
        /// Of quotas: seconds of the present window.
        var window: Int64 = 0
        /// Of rules by address; -1 = this address has no counter yet.
        var entry: Int32 = -1
        var isTaken = false
        /// Whether the rule had too little left.
        var isShort = false
    }

    var rates = Slots<RateCounter>()
    var running = Slots<Int64>()
    var quotas = Slots<QuotaCounter>()
    var ratesByAddress = Slots<AddressTable<RateCounter>>()
    var runningByAddress = Slots<AddressTable<Int64>>()

    private var latestUptime: Int64 = .min

    /// The moment, not before the last one.
    ///
    /// Event loops read the clock, then come here in any order; a rate that saw time go back would let one too few pass.
    mutating func latest(_ now: Moment) -> Moment {
        latestUptime = max(latestUptime, now.uptime)
        return Moment(uptime: latestUptime, wall: now.wall).bounded
    }

    mutating func free(_ place: Place) {
        switch place {
        case .rate(let slot): rates.free(slot, leaving: RateCounter())
        case .running(let slot): running.free(slot, leaving: 0)
        case .quota(let slot): quotas.free(slot, leaving: quotas.items[slot])
        case .rateByAddress(let slot): ratesByAddress.free(slot, leaving: AddressTable(whole: RateCounter()))
        case .runningByAddress(let slot): runningByAddress.free(slot, leaving: AddressTable(whole: 0))
        }
    }

    /// Writes down what a rule has left; takes nothing.
    @inline(__always)
    mutating func look(_ bound: Bound, _ claim: Claim, _ address: AddressKey, at now: Moment) -> Holding {
        let need = claim.need(of: bound.measure)
        var holding = Holding()
        holding.amount = claim.amount(of: bound.measure)
        switch bound.place {
        case .rate(let slot):
            holding.left = bound.capacity - rates.items[slot].level(at: bound.tick(now))
        case .running(let slot):
            holding.left = bound.capacity - Int128(running.items[slot])
        case .quota(let slot):
            Self.look(&quotas.items[slot], bound, at: now, &holding)
            holding.isShort = need > 0 && Int128(need) > holding.left
            return holding
        case .rateByAddress(let slot):
            holding.entry = ratesByAddress.items[slot].place(of: address) ?? -1
            let level = holding.entry < 0 ? 0 : ratesByAddress.items[slot][holding.entry].level(at: bound.tick(now))
            holding.left = bound.capacity - level
        case .runningByAddress(let slot):
            holding.entry = runningByAddress.items[slot].place(of: address) ?? -1
            let count = holding.entry < 0 ? 0 : runningByAddress.items[slot][holding.entry]
            holding.left = bound.capacity - Int128(count)
        }
        holding.isShort = bound.units(need) > holding.left
        return holding
    }

    private static func look(_ quota: inout QuotaCounter, _ bound: Bound, at now: Moment, _ holding: inout Holding) {
        quota.adopt(bound)
        quota.advance(now)
        holding.left = quota.left(of: bound.amount)
        holding.resetAfter = quota.resetAfter(now)
        holding.window = quota.window.length
        holding.serial = quota.serial
    }

    /// Takes what `look` found free.
    ///
    /// Of rules that only warn nothing is taken when they would have refused, as if they had; but quotas always count.
    @inline(__always)
    mutating func take(_ holding: inout Holding, _ bound: Bound, _ address: AddressKey, at now: Moment) {
        if case .quota(let slot) = bound.place {
            quotas.items[slot].reserve(holding.amount)
            holding.left -= Int128(holding.amount)
            holding.isTaken = true
            return
        }
        guard !holding.isShort else { return }
        let units = bound.units(holding.amount)
        let tick = bound.tick(now)
        switch bound.place {
        case .rate(let slot):
            holding.position = rates.items[slot].take(units, at: tick)
        case .running(let slot):
            running.items[slot] += holding.amount
        case .rateByAddress(let slot):
            enter(&holding, address, in: &ratesByAddress.items[slot]) { $0.level(at: tick) == 0 }
            holding.position = ratesByAddress.items[slot][holding.entry].take(units, at: tick)
        case .runningByAddress(let slot):
            enter(&holding, address, in: &runningByAddress.items[slot]) { $0 == 0 }
            runningByAddress.items[slot][holding.entry] += holding.amount
        case .quota: break
        }
        holding.left -= units
        holding.isTaken = true
    }

    /// Books the use instead of the estimate.
    ///
    /// - Parameters:
    ///   - actual: 0 when all is given back.
    ///   - now: `nil` when nobody tells the time: then rates keep what they have, for it drains by itself.
    mutating func settle(_ holding: Holding, _ bound: Bound, actual: Int64, at now: Moment?) {
        guard holding.isTaken else { return }
        switch bound.place {
        case .rate(let slot):
            guard let now else { return }
            Self.settle(&rates.items[slot], holding, bound, actual, now)
        case .running(let slot):
            running.items[slot] -= holding.amount
        case .quota(let slot):
            quotas.items[slot].settle(holding.amount, actual: actual, serial: holding.serial)
        case .rateByAddress(let slot):
            guard let now, ratesByAddress.items[slot].holds(holding.serial, at: holding.entry) else { return }
            Self.settle(&ratesByAddress.items[slot][holding.entry], holding, bound, actual, now)
        case .runningByAddress(let slot):
            guard runningByAddress.items[slot].holds(holding.serial, at: holding.entry) else { return }
            runningByAddress.items[slot][holding.entry] -= holding.amount
        }
    }

    private static func settle(
        _ counter: inout RateCounter,
        _ holding: Holding,
        _ bound: Bound,
        _ actual: Int64,
        _ now: Moment
    ) {
        let size = bound.units(holding.amount)
        if actual > holding.amount {
            counter.owe(bound.units(actual) - size, bound, at: bound.tick(now))
        } else if actual < holding.amount {
            let units = size - bound.units(actual)
            counter.giveBack(units, of: size, position: holding.position, at: bound.tick(now))
        }
    }

    private func enter<Counter>(
        _ holding: inout Holding,
        _ address: AddressKey,
        in table: inout AddressTable<Counter>,
        isWhole: (Counter) -> Bool
    ) {
        if holding.entry < 0 {
            holding.entry = table.insert(address, isWhole: isWhole)
        } else {
            table.touch(holding.entry)
        }
        holding.serial = table.serial(at: holding.entry)
    }
}

/// Numbered places that are used again.
struct Slots<Element: Sendable>: Sendable {
    var items: [Element] = []
    private var unused: [Int] = []

    mutating func add(_ element: Element) -> Int {
        guard let slot = unused.popLast() else {
            items.append(element)
            return items.count - 1
        }
        items[slot] = element
        return slot
    }

    /// - Parameter leaving: something small in its place.
    mutating func free(_ slot: Int, leaving element: Element) {
        items[slot] = element
        unused.append(slot)
    }
}
