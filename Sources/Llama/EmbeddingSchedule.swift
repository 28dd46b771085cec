/// Decides which texts the next step of an embedding model computes: one of each request that has a slot, in turns, until the
/// step is full.
///
/// Owns no model and no text: places in, places out.
struct EmbeddingSchedule {
    /// One text of a request.
    struct Place: Equatable {
        let ticket: Ticket
        let index: Int
    }

    private struct Seat {
        let job: Schedule.Job
        /// Whether all of its texts are known to fit.
        var isChecked = false
        /// The next text to be computed.
        var next = 0

        var hasTurn: Bool { isChecked && next < job.limit }
    }

    private let slots: Int
    private let queueLimit: Int
    private var queue = FairOrder()
    /// In the order in which they have their turns.
    private var seats: [Seat] = []

    /// - Parameters:
    ///   - slots: requests whose texts are mixed.
    ///   - queueLimit: requests that may wait beyond them.
    init(slots: Int, queueLimit: Int) {
        self.slots = slots
        self.queueLimit = queueLimit
    }

    var isIdle: Bool { seats.isEmpty && queue.count == 0 }
    var active: Int { seats.count }

    /// - Parameter job: its `limit` is how many texts it has, at least one.
    mutating func enqueue(_ job: Schedule.Job) {
        queue.add(job)
    }

    /// Gives free slots to those who wait, in fair order.
    mutating func seatWaiting() -> [Ticket] {
        var seated: [Ticket] = []
        while seats.count < slots, let job = queue.next() {
            seats.append(Seat(job: job))
            seated.append(job.ticket)
        }
        return seated
    }

    /// Those that have a slot and have yet to be checked.
    var unchecked: [Ticket] { seats.lazy.filter { !$0.isChecked }.map(\.job.ticket) }

    /// All texts of a request that has a slot are known to fit: it has its turns from now on.
    mutating func checked(_ ticket: Ticket) {
        guard let position = seats.firstIndex(where: { $0.job.ticket == ticket }) else { return }
        seats[position].isChecked = true
    }

    /// Whose turn it is; nil when no text of those that have a slot and were checked is left.
    var next: Place? {
        seats.first(where: \.hasTurn).map { Place(ticket: $0.job.ticket, index: $0.next) }
    }

    /// The text whose turn it is goes into the step; the next turn is another request's.
    ///
    /// - Parameter tokens: of that text.
    mutating func take(tokens: Int) {
        guard let position = seats.firstIndex(where: \.hasTurn) else { return }
        var seat = seats.remove(at: position)
        seat.next += 1
        queue.charge(seat.job.terms, tokens)
        seats.append(seat)
    }

    /// Frees the slot of a request that is over, or takes it out of the queue.
    mutating func remove(_ ticket: Ticket) {
        queue.remove(ticket)
        guard let position = seats.firstIndex(where: { $0.job.ticket == ticket }) else { return }
        queue.leave(seats.remove(at: position).job.terms)
    }

    /// Takes out those whose time is over before they had a slot.
    mutating func removeOverdue(at now: ContinuousClock.Instant) -> [Ticket] {
        queue.removeOverdue(at: now).map(\.ticket)
    }

    /// Takes out those for whom there is no room: the last ones of the tenant that has the most.
    mutating func removeOverflow() -> [Ticket] {
        var removed: [Ticket] = []
        while queue.count > queueLimit, let job = queue.removeLastOfLongest() { removed.append(job.ticket) }
        return removed
    }
}
