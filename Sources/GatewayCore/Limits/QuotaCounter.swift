/// A quota's counter in its present window.
///
/// The window follows the wall clock, but a step of that clock never opens a quota: a window ends when both the wall clock
/// and the monotonic one say so. A jump of more than two hours beyond the end is believed (a machine that slept, a
/// corrected clock), and so is one of more than a day back, which keeps what was counted.
struct QuotaCounter: Sendable {
    private static let doubtedJump: Int64 = 2 * 3600
    private static let believedReturn: Int64 = 26 * 3600

    private let calendar: QuotaCalendar
    private(set) var window: QuotaWindow
    /// When the window ends by the monotonic clock, in its nanoseconds; `nil` until the first request tells the time.
    private var deadline: Int64?
    /// Counts windows, so that a request that ends in a later window than it began changes nothing there.
    private(set) var serial: Int64 = 0
    private(set) var used: Int128 = 0
    private(set) var reserved: Int128 = 0
    /// Of the newest rule: soft thresholds are told for it.
    private var version: Int64 = 0
    private(set) var amount: Int64 = 1
    /// The percentage that was told last: 0, 80 or 100.
    private var told: Int64 = 0

    init(_ calendar: QuotaCalendar, at wall: Int64) {
        self.calendar = calendar
        window = calendar.window(at: wall)
    }

    /// Takes what was used in this window before; thresholds that it passes were told then.
    mutating func restore(_ counted: Int64, _ bound: Bound) {
        adopt(bound)
        guard Int128(counted) > used else { return }
        used = Int128(counted)
        told = max(told, reached)
    }

    /// Opens the next window when its time has come.
    mutating func advance(_ now: Moment) {
        if now.wall >= window.end {
            let isOver = deadline.map { now.uptime >= $0 } ?? true
            if isOver || now.wall - window.end >= Self.doubtedJump {
                (used, reserved, told) = (0, 0, 0)
                serial += 1
                move(now)
            }
        } else if now.wall < window.start - Self.believedReturn {
            move(now)
        } else if deadline == nil {
            deadline = Self.deadline(of: window, now)
        }
    }

    private mutating func move(_ now: Moment) {
        window = calendar.window(at: now.wall)
        deadline = Self.deadline(of: window, now)
    }

    private static func deadline(of window: QuotaWindow, _ now: Moment) -> Int64 {
        (Int128(now.uptime) + Int128(window.end - now.wall) * 1_000_000_000).clamped
    }

    /// Nanoseconds until the next window.
    func resetAfter(_ now: Moment) -> Int64 {
        let byWall = Int128(window.end - now.wall) * 1_000_000_000
        let byUptime = Int128(deadline ?? .min) - Int128(now.uptime)
        let atMost = byWall + Int128(Self.doubtedJump) * 1_000_000_000
        return min(1 << 62, max(1, max(byWall, min(byUptime, atMost)))).clamped
    }

    mutating func adopt(_ bound: Bound) {
        guard bound.version > version else { return }
        version = bound.version
        guard bound.amount != amount else { return }
        amount = bound.amount
        told = 0
    }

    func left(of amount: Int64) -> Int128 { Int128(amount) - used - reserved }

    mutating func reserve(_ amount: Int64) { reserved += Int128(amount) }

    /// Books what a request of this window used instead of what it reserved.
    mutating func settle(_ reservation: Int64, actual: Int64, serial: Int64) {
        guard serial == self.serial else { return }
        reserved -= Int128(reservation)
        used += Int128(actual)
    }

    /// A threshold that was passed and is to be told now; asked again until there is none.
    mutating func crossed() -> Int64? {
        guard told < 100 else { return nil }
        let reached = reached
        guard told < reached else { return nil }
        told = told < 80 ? 80 : 100
        return told
    }

    /// A hard stop refused a request: that is the end of the quota, although estimates rarely fit it to the last token.
    ///
    /// - Returns: whether that is to be told.
    mutating func stopped(_ need: Int64) -> Bool {
        guard told < 100, reached >= 80, need <= amount, used + Int128(need) > Int128(amount) else { return false }
        told = 100
        return true
    }

    private var reached: Int64 {
        if used >= Int128(amount) { return 100 }
        return used * 100 >= Int128(amount) * 80 ? 80 : 0
    }
}
