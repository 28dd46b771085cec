/// What one rule asks of its counter, as numbers only: copying it costs nothing on the hot path.
struct Bound: Sendable {
    let measure: LimitReport.Measure
    let isWarnOnly: Bool
    let place: Ledger.Place
    let amount: Int64
    /// Of rates: one item is `unit` units, a nanosecond drains `speed` units, `capacity` units come at once.
    ///
    /// Whole numbers, so that no rate is rounded: 7 an hour drains 7 units a nanosecond, and a request is 3.6 · 10¹² units.
    let unit: Int64
    let speed: Int64
    let capacity: Int128
    /// Newer rules have greater numbers.
    let version: Int64

    init(_ rule: LimitRule, at place: Ledger.Place, version: Int64) {
        measure = LimitReport.Measure(rule.measure)
        isWarnOnly = rule.isWarnOnly
        self.place = place
        self.version = version
        amount = max(1, rule.amount)
        guard let period = rule.period, rule.measure != .concurrent else {
            (unit, speed, capacity) = (1, 0, Int128(amount))
            return
        }
        let length = period.seconds * 1_000_000_000
        let divisor = Self.greatestCommonDivisor(length, amount)
        unit = length / divisor
        speed = amount / divisor
        capacity = Int128(min(max(1, rule.burst ?? amount), amount)) * Int128(unit)
    }

    init(_ rule: QuotaRule, at place: Ledger.Place, version: Int64) {
        measure = LimitReport.Measure(rule.measure)
        isWarnOnly = rule.isWarnOnly
        self.place = place
        self.version = version
        amount = max(1, rule.amount)
        (unit, speed, capacity) = (1, 0, Int128(amount))
    }

    /// What is left as a share of the rule's amount.
    func share(of left: Int128) -> Double { left.approximate / (Double(amount) * Double(unit)) }

    /// The instant in units that drain.
    func tick(_ now: Moment) -> Int128 { now.uptime.times(speed) }

    /// An amount in units.
    func units(_ amount: Int64) -> Int128 { amount.times(unit) }

    private static func greatestCommonDivisor(_ first: Int64, _ second: Int64) -> Int64 {
        var (larger, smaller) = (first, second)
        while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
        return larger
    }
}

extension Int64 {
    /// The whole product.
    ///
    /// One multiplication; `Int128`'s own operator calls a function that looks for an overflow.
    func times(_ factor: Int64) -> Int128 {
        let (high, low) = multipliedFullWidth(by: factor)
        return Int128(high) << 64 | Int128(low)
    }
}

extension Int128 {
    /// The nearest number of another kind, nearly: the standard library's own way takes some thousand instructions.
    var approximate: Double {
        if let small = Int64(exactly: self) { return Double(small) }
        return Double(Int64(truncatingIfNeeded: self >> 64)) * 0x1p64 + Double(UInt64(truncatingIfNeeded: self))
    }

    /// This number, or the nearest that fits.
    var clamped: Int64 { Int64(clamping: self) }

    /// The quotient, rounded up; the divisor is positive.
    ///
    /// Nearly all numbers fit 64 bits, whose division is several times faster.
    func dividedUp(by divisor: Int64) -> Int128 {
        guard self > 0 else { return 0 }
        if let small = Int64(exactly: self) { return Int128(small / divisor + (small % divisor == 0 ? 0 : 1)) }
        return (self - 1) / Int128(divisor) + 1
    }

    func dividedDown(by divisor: Int64) -> Int128 {
        if let small = Int64(exactly: self) { return Int128(small / divisor) }
        return self / Int128(divisor)
    }
}
