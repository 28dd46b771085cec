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
        var besideAnswers = 64

        static func fitting(devices: [String]) -> Budget {
            devices.contains { !$0.hasPrefix("CPU") } ? Budget(step: 512, besideAnswers: 256) : Budget()
        }
    }

    private struct Seat {
        let job: Job
        var fed = 0
        var next: Int32?
        var generated = 0
    }

    private let budget: Budget
    private var seats: [Seat?]
    private var queue: [Job] = []

    init(slots: Int, budget: Budget = Budget()) {
        self.budget = budget
        seats = Array(repeating: nil, count: slots)
    }

    var isIdle: Bool { queue.isEmpty && active == 0 }
    var active: Int { seats.count { $0 != nil } }
    var waiting: Int { queue.count }

    mutating func enqueue(_ job: Job) {
        queue.append(job)
    }

    /// Gives free slots to those who wait, first come first served.
    mutating func seatWaiting() -> [(slot: Int, job: Job)] {
        var seated: [(slot: Int, job: Job)] = []
        for slot in seats.indices where seats[slot] == nil && !queue.isEmpty {
            let job = queue.removeFirst()
            seats[slot] = Seat(job: job)
            seated.append((slot, job))
        }
        return seated
    }

    /// The next step.
    ///
    /// Answers come first: every one of them moves in every step.
    mutating func plan() -> [Entry] {
        var entries: [Entry] = []
        for slot in seats.indices {
            guard let seat = seats[slot], let token = seat.next else { continue }
            let position = seat.job.prompt.count + seat.generated - 1
            entries.append(Entry(slot: slot, token: token, position: position, wantsOutput: true))
            seats[slot]?.next = nil
        }
        var room = entries.isEmpty ? budget.step : min(budget.besideAnswers, budget.step - entries.count)
        for slot in seats.indices where room > 0 {
            let fed = feed(slot, room: room)
            entries += fed
            room -= fed.count
        }
        return entries
    }

    private mutating func feed(_ slot: Int, room: Int) -> [Entry] {
        guard let seat = seats[slot], seat.fed < seat.job.prompt.count else { return [] }
        let end = min(seat.fed + room, seat.job.prompt.count)
        seats[slot]?.fed = end
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
    mutating func vacate(_ slot: Int) {
        seats[slot] = nil
    }

    /// Where a request is: its slot, or nil once it was taken out of the queue.
    mutating func withdraw(_ ticket: Ticket) -> Int? {
        queue.removeAll { $0.ticket == ticket }
        return seats.firstIndex { $0?.job.ticket == ticket }
    }
}
