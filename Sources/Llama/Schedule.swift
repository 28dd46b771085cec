/// Decides what each step of the model computes: one token for every request that is answering, and as much of the
/// waiting prompts as the step has room for.
///
/// Owns no model and no text: tokens in, tokens out.
struct Schedule {
    /// One request, ready to be computed.
    struct Job: Equatable {
        let ticket: Ticket
        let prompt: [Int32]
        /// How many tokens the answer may have.
        let limit: Int
        var terms = WorkTerms()
        var arrived = ContinuousClock.now
    }

    /// One token of a step.
    struct Entry: Equatable {
        let slot: Int
        let token: Int32
        let position: Int
        let wantsOutput: Bool
    }

    /// How many tokens one step may hold: a cancel takes effect after the step that is being computed, and who answers
    /// gets one token per step, so prompts are read in parts, smaller ones while others answer.
    ///
    /// On a processor 128 tokens are half a second for a small model on one thread; a GPU wants more at a time and is
    /// done sooner.
    struct Budget {
        var step = 128
        /// Until the machine's pace is known.
        var besideAnswers = 16

        static func fitting(devices: [String]) -> Budget {
            devices.contains { !$0.hasPrefix("CPU") } ? Budget(step: 512, besideAnswers: 256) : Budget()
        }
    }

    private struct Seat {
        let job: Job
        /// Tokens of the prompt that are computed, or kept from another request.
        var fed = 0
        var next: Int32?
        var generated = 0

        var left: Int { job.prompt.count - fed }
    }

    private let budget: Budget
    private let queueLimit: Int
    private let seatsPerStep: Int
    private var pace = Pace()
    private var seats: [Seat?]
    private var queue = FairOrder()
    private var cache: PrefixCache
    private var filling = RowFilling()
    /// Tokens of a slot, where tokens that nobody needs may be computed in it; nil: they may not.
    private let fillable: Int?
    /// What the step that is under way holds.
    private var planned = (answers: 0, prompt: 0)
    /// Slots of which the step that is under way computes a token that is to be forgotten.
    private(set) var fillers: [Int] = []

    /// - Parameters:
    ///   - queueLimit: requests that may wait beyond the slots.
    ///   - seatsPerStep: how many get a slot between two steps: those who answer wait while a text is read that cannot be
    ///     read in parts.
    ///   - fillable: tokens of a slot, where the model can forget the last one; nil: a step computes what is needed only.
    init(
        slots: Int,
        budget: Budget = Budget(),
        queueLimit: Int = .max,
        copying: PrefixCache.Copying = .never,
        grain: Int = 1,
        seatsPerStep: Int = .max,
        fillable: Int? = nil
    ) {
        self.fillable = fillable
        self.budget = budget
        self.queueLimit = queueLimit
        self.seatsPerStep = seatsPerStep
        seats = Array(repeating: nil, count: slots)
        cache = PrefixCache(slots: slots, copying: copying, grain: grain)
    }

    var isIdle: Bool { queue.count == 0 && active == 0 }
    var active: Int { seats.count { $0 != nil } }
    var waiting: Int { queue.count }
    /// Tokens that are kept of requests that are over.
    var keptTokens: Int { seats.indices.reduce(0) { $0 + (seats[$1] == nil ? cache.count(slot: $1) : 0) } }

    mutating func enqueue(_ job: Job) {
        queue.add(job)
    }

    /// Gives free slots to those who wait, in fair order, each where most of its prompt is computed already.
    mutating func seatWaiting() -> [(place: PrefixCache.Place, job: Job)] {
        var seated: [(place: PrefixCache.Place, job: Job)] = []
        while seated.count < seatsPerStep {
            let free = seats.indices.filter { seats[$0] == nil }
            guard !free.isEmpty, let job = queue.next() else { break }
            let taken = seats.indices.filter { seats[$0] != nil }
            let place = cache.place(for: job.prompt, of: job.terms.tenant, free: free, beside: taken)
            cache.begin(place, job.prompt, of: job.terms.tenant)
            seats[place.slot] = Seat(job: job, fed: place.count)
            seated.append((place, job))
        }
        return seated
    }

    /// What a slot was to begin with is not there: all of its prompt is computed.
    mutating func recompute(slot: Int) {
        guard let seat = seats[slot] else { return }
        seats[slot]?.fed = 0
        cache.begin(PrefixCache.Place(slot: slot), [], of: seat.job.terms.tenant)
    }

    /// Takes out those whose time is over before they had a slot.
    mutating func removeOverdue(at now: ContinuousClock.Instant) -> [Job] {
        queue.removeOverdue(at: now)
    }

    /// Takes out those for whom there is no room: the last ones of the tenant that has the most.
    mutating func removeOverflow() -> [Job] {
        var removed: [Job] = []
        // Who gets a free slot after the next step needs no place in the queue.
        let free = seats.count - active
        while queue.count - free > queueLimit, let job = queue.removeLastOfLongest() { removed.append(job) }
        return removed
    }

    /// The next step: every answer moves, and as much of the prompts is read as there is room for.
    mutating func plan() -> [Entry] {
        var answers: [Entry] = []
        for slot in seats.indices {
            guard let seat = seats[slot], let token = seat.next else { continue }
            let position = seat.job.prompt.count + seat.generated - 1
            answers.append(Entry(slot: slot, token: token, position: position, wantsOutput: true))
            seats[slot]?.next = nil
            cache.append(CollectionOfOne(token), slot: slot)
            queue.charge(seat.job.terms, 1)
        }
        // So many rows that nobody needs find room in any case.
        let most = budget.step - answers.count - (fillable == nil ? 0 : RowFilling.tile - 1)
        let room = answers.isEmpty ? budget.step : pace.room(first: budget.besideAnswers, most: most)
        let prompts = readPrompts(room: room, beside: answers)
        planned = (answers.count, prompts.count)
        return arrange(answers, prompts)
    }

    /// In the order in which the engine computes a step in the fewest passes: it takes neighbouring slots together, as many
    /// tokens of each.
    private mutating func arrange(_ answers: [Entry], _ prompts: [Entry]) -> [Entry] {
        var prompts = prompts.sorted { ($0.slot, $0.position) < ($1.slot, $1.position) }
        fillers = []
        guard let low = answers.first?.slot, let high = answers.last?.slot else { return prompts }
        var rows = answers
        for slot in Set(prompts.map(\.slot)) where low < slot && slot < high {
            guard let first = prompts.firstIndex(where: { $0.slot == slot }) else { continue }
            rows.append(prompts.remove(at: first))
        }
        fill(&rows, room: budget.step - prompts.count)
        // A neighbour of the answers that has many tokens would be taken with them, and make them one row too many.
        return prompts.filter { $0.slot > high } + rows + prompts.filter { $0.slot < high }
    }

    /// - Parameter room: for these rows and those that nobody needs.
    private mutating func fill(_ rows: inout [Entry], room: Int) {
        rows.sort { $0.slot < $1.slot }
        guard let fillable, let low = rows.first?.slot, let high = rows.last?.slot, high - low + RowFilling.tile <= room
        else { return }
        fillers = filling.choose(rows.map(\.slot), of: seats.count, isTimed: planned.prompt == 0) {
            seats[$0] == nil && cache.count(slot: $0) < fillable
        }
        rows += fillers.map { Entry(slot: $0, token: 0, position: cache.count(slot: $0), wantsOutput: false) }
        rows.sort { $0.slot < $1.slot }
    }

    /// The step that was planned last is done.
    mutating func took(_ duration: Duration) {
        pace.took(duration, answers: planned.answers, prompt: planned.prompt)
        if fillable != nil { filling.took(duration) }
    }

    /// Half of the room is for the prompt that was first, so that it comes to its end, the rest for who needs the least: a
    /// short question is not kept waiting by a book.
    private mutating func readPrompts(room: Int, beside answers: [Entry]) -> [Entry] {
        var reading = seats.indices.filter { (seats[$0]?.left ?? 0) > 0 }
        guard let first = reading.min(by: { number(of: $0) < number(of: $1) }) else { return [] }
        var entries = feed(first, room: reading.count == 1 ? room : (room + 1) / 2, beside: answers)
        reading.sort { (seats[$0]?.left ?? 0, number(of: $0)) < (seats[$1]?.left ?? 0, number(of: $1)) }
        for slot in reading {
            let rest = room - entries.count
            // A part that fills no tile is worth its pass only where it is all that there is.
            let isPartial = rest < RowFilling.tile && (seats[slot]?.left ?? 0) > rest
            if !isPartial || entries.isEmpty { entries += feed(slot, room: rest, beside: answers) }
        }
        return entries
    }

    private func number(of slot: Int) -> UInt64 { seats[slot]?.job.ticket.number ?? 0 }

    /// Reads a part of a prompt that the engine computes in whole tiles, unless it is the last.
    private mutating func feed(_ slot: Int, room: Int, beside answers: [Entry]) -> [Entry] {
        guard let seat = seats[slot], seat.left > 0, room > 0 else { return [] }
        var count = min(room, seat.left)
        // Between two answers its first token is computed with them.
        let joining = answers.contains { $0.slot < slot } && answers.contains { $0.slot > slot } ? 1 : 0
        if count < seat.left, count >= RowFilling.tile { count -= (count - joining) % RowFilling.tile }
        let end = seat.fed + count
        seats[slot]?.fed = end
        cache.append(seat.job.prompt[seat.fed..<end], slot: slot)
        queue.charge(seat.job.terms, end - seat.fed)
        return (seat.fed..<end).map { position in
            let isLast = position == seat.job.prompt.count - 1
            return Entry(slot: slot, token: seat.job.prompt[position], position: position, wantsOutput: isLast)
        }
    }

    /// Takes the token that the model chose for a slot; says whether the answer may go on after it.
    mutating func chose(_ token: Int32, slot: Int) -> (generated: Int, mayContinue: Bool) {
        guard var seat = seats[slot] else { return (0, false) }
        seat.generated += 1
        seat.next = token
        seats[slot] = seat
        return (seat.generated, seat.generated < seat.job.limit)
    }

    /// Frees a slot.
    ///
    /// - Returns: whether its memory is kept for its tenant's next request.
    @discardableResult
    mutating func vacate(_ slot: Int) -> Bool {
        guard let seat = seats[slot] else { return false }
        queue.leave(seat.job.terms)
        seats[slot] = nil
        return cache.end(slot: slot)
    }

    /// Tokens beside those of the plan were computed for a slot's tenant.
    mutating func charge(_ tokens: Int, slot: Int) {
        if let terms = terms(of: slot) { queue.charge(terms, tokens) }
    }

    /// Tokens that a slot without a request keeps.
    func kept(slot: Int) -> Int { cache.count(slot: slot) }

    /// A slot's memory is lost.
    mutating func forget(slot: Int) { cache.forget(slot: slot) }

    /// Whose request has a slot.
    func terms(of slot: Int) -> WorkTerms? { seats[slot]?.job.terms }

    /// Where a request is: its slot, or nil once it was taken out of the queue.
    mutating func withdraw(_ ticket: Ticket) -> Int? {
        queue.remove(ticket)
        return seats.firstIndex { $0?.job.ticket == ticket }
    }
}
