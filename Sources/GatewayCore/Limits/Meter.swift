import Synchronization

/// One rule's counter, from the first snapshot that has the rule to the last.
final class Meter: Sendable {
    private let ledger: TenantLedger
    let place: Ledger.Place
    private let warnings = Atomic<Int64>(0)
    private let refusals = Atomic<Int64>(0)

    init(_ ledger: TenantLedger, _ place: Ledger.Place) {
        self.ledger = ledger
        self.place = place
    }

    deinit { ledger.free(place) }

    /// What the rule would have refused if it did not only warn.
    var warned: Int64 { warnings.load(ordering: .relaxed) }
    var refused: Int64 { refusals.load(ordering: .relaxed) }

    func countWarning() { warnings.add(1, ordering: .relaxed) }
    func countRefusal() { refusals.add(1, ordering: .relaxed) }
}

/// Which rules share a counter: the same rule before and after a change of the configuration.
///
/// A quota whose amount changes goes on counting, and so does a limit of concurrency; any other limit begins afresh.
struct MeterKey: Hashable {
    private enum Count: Hashable {
        case limit(LimitRule)
        case quota(QuotaRule.Measure, QuotaCalendar)
    }

    let subject: UsageSubject
    private let count: Count
    /// A rule that stands twice counts twice.
    var ordinal = 0

    init(_ subject: UsageSubject, _ rule: LimitRule) {
        self.subject = subject
        var rule = rule
        rule.isWarnOnly = false
        if rule.measure == .concurrent {
            rule.amount = 1
            rule.burst = nil
            rule.period = nil
        }
        count = .limit(rule)
    }

    init(_ subject: UsageSubject, _ rule: QuotaRule) {
        self.subject = subject
        count = .quota(rule.measure, QuotaCalendar(rule.window, timeZone: rule.timeZone))
    }
}
