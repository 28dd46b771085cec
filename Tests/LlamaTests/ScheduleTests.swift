import Testing

@testable import Llama

@Suite struct ScheduleTests {
    private func job(_ number: UInt64, prompt count: Int, limit: Int = 10) -> Schedule.Job {
        Schedule.Job(ticket: Ticket(number: number), prompt: (0..<Int32(count)).map { $0 }, limit: limit)
    }

    private func shape(_ entries: [Schedule.Entry]) -> [Int: Int] {
        entries.reduce(into: [:]) { $0[$1.slot, default: 0] += 1 }
    }

    @Test func `only the last token of a prompt asks for an answer`() {
        var schedule = Schedule(slots: 1)
        schedule.enqueue(job(1, prompt: 3))
        _ = schedule.seatWaiting()
        let entries = schedule.plan()
        #expect(entries.map(\.wantsOutput) == [false, false, true])
        #expect(entries.map(\.position) == [0, 1, 2])
    }

    @Test func `an answer goes on where the prompt ended`() {
        var schedule = Schedule(slots: 1)
        schedule.enqueue(job(1, prompt: 3))
        _ = schedule.seatWaiting()
        _ = schedule.plan()
        _ = schedule.chose(42, slot: 0)
        #expect(schedule.plan() == [.init(slot: 0, token: 42, position: 3, wantsOutput: true)])
        _ = schedule.chose(43, slot: 0)
        #expect(schedule.plan() == [.init(slot: 0, token: 43, position: 4, wantsOutput: true)])
    }

    @Test func `a long prompt is read in parts`() {
        var schedule = Schedule(slots: 1, budget: .init(step: 4, besideAnswers: 2))
        schedule.enqueue(job(1, prompt: 10))
        _ = schedule.seatWaiting()
        #expect([schedule.plan().count, schedule.plan().count, schedule.plan().count] == [4, 4, 2])
    }

    @Test func `a long prompt does not stop those who already answer`() {
        var schedule = Schedule(slots: 2, budget: .init(step: 8, besideAnswers: 3))
        schedule.enqueue(job(1, prompt: 1))
        _ = schedule.seatWaiting()
        _ = schedule.plan()
        _ = schedule.chose(7, slot: 0)
        schedule.enqueue(job(2, prompt: 10))
        _ = schedule.seatWaiting()
        #expect(shape(schedule.plan()) == [0: 1, 1: 3])
        _ = schedule.chose(7, slot: 0)
        #expect(shape(schedule.plan()) == [0: 1, 1: 3])
    }

    @Test func `a step never holds more than its budget`() {
        var schedule = Schedule(slots: 4, budget: .init(step: 5, besideAnswers: 3))
        for number in 1...4 { schedule.enqueue(job(UInt64(number), prompt: 3)) }
        _ = schedule.seatWaiting()
        for _ in 0..<6 {
            let entries = schedule.plan()
            #expect(entries.count <= 5)
            for entry in entries where entry.wantsOutput { _ = schedule.chose(1, slot: entry.slot) }
        }
    }

    @Test func `all who answer move in one step`() {
        var schedule = Schedule(slots: 8)
        for number in 1...8 { schedule.enqueue(job(UInt64(number), prompt: 2)) }
        _ = schedule.seatWaiting()
        for entry in schedule.plan() where entry.wantsOutput { _ = schedule.chose(1, slot: entry.slot) }
        #expect(schedule.plan().map(\.slot) == Array(0..<8))
    }

    /// A schedule whose slots 0 to 4 answer.
    private func answering() -> Schedule {
        var schedule = Schedule(slots: 8, budget: .init(step: 64, besideAnswers: 16), fillable: 100)
        for number in 1...5 { schedule.enqueue(job(UInt64(number), prompt: 2)) }
        _ = schedule.seatWaiting()
        for entry in schedule.plan() where entry.wantsOutput { _ = schedule.chose(1, slot: entry.slot) }
        return schedule
    }

    @Test func `free slots beside and between those that answer may be computed with them, for nobody`() {
        var schedule = answering()
        schedule.vacate(1)
        schedule.vacate(2)
        let entries = schedule.plan()
        #expect(entries.map(\.slot) == Array(0..<8))
        #expect(schedule.fillers.sorted() == [1, 2, 5, 6, 7])
        #expect(entries.filter(\.wantsOutput).map(\.slot) == [0, 3, 4])
        #expect(entries.filter { !$0.wantsOutput }.allSatisfy { $0.position == 0 })
    }

    @Test func `a prompt between those that answer joins them with its first token, and goes on in whole tiles`() {
        var schedule = answering()
        schedule.vacate(2)
        schedule.enqueue(job(6, prompt: 40))
        #expect(schedule.seatWaiting().map(\.place.slot) == [2])
        let entries = schedule.plan()
        #expect(entries.prefix(8).map(\.slot) == Array(0..<8))
        #expect(entries[2].position == 0)
        #expect(entries.dropFirst(8).map(\.slot) == Array(repeating: 2, count: 12))
        #expect(entries.dropFirst(8).map(\.position) == Array(1...12))
    }

    @Test func `a request sits beside those that have a slot, and where nobody has left anything of use`() {
        var schedule = Schedule(slots: 16)
        // All slots but 9 keep something, 0 the oldest.
        for number in 1...16 { schedule.enqueue(job(UInt64(number), prompt: 20)) }
        _ = schedule.seatWaiting()
        while schedule.plan().isEmpty == false {}
        for slot in (0..<16).filter({ $0 != 9 }) + [9] { schedule.vacate(slot) }
        schedule.forget(slot: 9)
        for number in 17...20 {
            schedule.enqueue(.init(ticket: Ticket(number: UInt64(number)), prompt: [-1, -2], limit: 2))
        }
        let slots = schedule.seatWaiting().map(\.place.slot)
        #expect(slots.first == 9)
        #expect(slots.sorted() == [6, 7, 8, 9])
    }

    @Test func `an answer ends at its limit`() {
        var schedule = Schedule(slots: 1)
        schedule.enqueue(job(1, prompt: 1, limit: 2))
        _ = schedule.seatWaiting()
        _ = schedule.plan()
        #expect(schedule.chose(1, slot: 0) == (1, true))
        _ = schedule.plan()
        #expect(schedule.chose(1, slot: 0) == (2, false))
    }

    @Test func `who waits gets the first slot that is free, in order`() {
        var schedule = Schedule(slots: 1)
        for number in 1...3 { schedule.enqueue(job(UInt64(number), prompt: 1)) }
        #expect(schedule.seatWaiting().map(\.job.ticket.number) == [1])
        #expect(schedule.seatWaiting().isEmpty)
        schedule.vacate(0)
        #expect(schedule.seatWaiting().map(\.job.ticket.number) == [2])
        #expect(schedule.waiting == 1)
    }

    @Test func `who leaves while waiting is not seated`() {
        var schedule = Schedule(slots: 1)
        for number in 1...3 { schedule.enqueue(job(UInt64(number), prompt: 1)) }
        _ = schedule.seatWaiting()
        #expect(schedule.withdraw(Ticket(number: 2)) == nil)
        #expect(schedule.withdraw(Ticket(number: 1)) == 0)
        schedule.vacate(0)
        #expect(schedule.seatWaiting().map(\.job.ticket.number) == [3])
    }

    @Test func `a request whose time is over while it waits is never seated`() {
        var schedule = Schedule(slots: 1)
        schedule.enqueue(job(1, prompt: 1))
        _ = schedule.seatWaiting()
        let now = ContinuousClock.now
        let terms = WorkTerms(deadline: now + .seconds(1))
        schedule.enqueue(.init(ticket: Ticket(number: 2), prompt: [1], limit: 1, terms: terms))
        let none = schedule.removeOverdue(at: now)
        #expect(none.isEmpty)
        let gone = schedule.removeOverdue(at: now + .seconds(1))
        #expect(gone.map(\.ticket.number) == [2])
        schedule.vacate(0)
        #expect(schedule.seatWaiting().isEmpty)
        #expect(schedule.isIdle)
    }

    @Test func `a full queue gives the place of who has the most to who has none`() {
        var schedule = Schedule(slots: 1, queueLimit: 3)
        for number in 1...4 { schedule.enqueue(job(UInt64(number), prompt: 1)) }
        _ = schedule.seatWaiting()
        let none = schedule.removeOverflow()
        #expect(none.isEmpty)
        schedule.enqueue(.init(ticket: Ticket(number: 5), prompt: [1], limit: 1, terms: WorkTerms(tenant: "other")))
        let gone = schedule.removeOverflow()
        #expect(gone.map(\.ticket.number) == [4])
        schedule.vacate(0)
        #expect(schedule.seatWaiting().map(\.job.ticket.number) == [5])
    }

    @Test func `the next request of a tenant computes only what its prompt does not share with the last`() {
        var schedule = Schedule(slots: 1)
        schedule.enqueue(job(1, prompt: 40, limit: 2))
        _ = schedule.seatWaiting()
        _ = schedule.plan()
        _ = schedule.chose(7, slot: 0)
        _ = schedule.plan()
        let isKept = schedule.vacate(0)
        #expect(isKept)
        // The prompt and the one token of the answer that was computed.
        #expect(schedule.keptTokens == 41)
        schedule.enqueue(job(2, prompt: 50))
        #expect(schedule.seatWaiting().map(\.place) == [.init(slot: 0, count: 40)])
        #expect(schedule.plan().map(\.position) == Array(40..<50))
    }

    @Test func `a model that cannot shorten its memory computes all of a prompt`() {
        var schedule = Schedule(slots: 1)
        schedule.enqueue(job(1, prompt: 40))
        _ = schedule.seatWaiting()
        _ = schedule.plan()
        schedule.vacate(0)
        schedule.enqueue(job(2, prompt: 50))
        _ = schedule.seatWaiting()
        schedule.recompute(slot: 0)
        #expect(schedule.plan().map(\.position) == Array(0..<50))
        schedule.vacate(0)
        #expect(schedule.keptTokens == 50)
    }

    @Test func `another tenant's request computes all of its prompt`() {
        var schedule = Schedule(slots: 1)
        schedule.enqueue(job(1, prompt: 40))
        _ = schedule.seatWaiting()
        _ = schedule.plan()
        schedule.vacate(0)
        let prompt = (0..<Int32(40)).map { $0 }
        schedule.enqueue(
            .init(ticket: Ticket(number: 2), prompt: prompt, limit: 1, terms: WorkTerms(tenant: "other"))
        )
        _ = schedule.seatWaiting()
        #expect(schedule.plan().count == 40)
    }

    @Test func `a slot whose step failed keeps nothing, others do`() {
        var schedule = Schedule(slots: 2)
        for number in 1...2 { schedule.enqueue(job(UInt64(number), prompt: 40)) }
        _ = schedule.seatWaiting()
        _ = schedule.plan()
        schedule.vacate(0)
        schedule.vacate(1)
        #expect(schedule.keptTokens == 80)
        schedule.forget(slot: 0)
        #expect(schedule.keptTokens == 40)
        schedule.enqueue(job(3, prompt: 41))
        #expect(schedule.seatWaiting().map(\.place) == [.init(slot: 1, count: 40)])
    }

    @Test func `a slot that is given up is another's in the very next step`() {
        var schedule = Schedule(slots: 1)
        schedule.enqueue(job(1, prompt: 3))
        schedule.enqueue(job(2, prompt: 2))
        _ = schedule.seatWaiting()
        _ = schedule.plan()
        _ = schedule.chose(42, slot: 0)
        let slot = schedule.withdraw(Ticket(number: 1))
        #expect(slot == 0)
        schedule.vacate(0)
        #expect(schedule.active == 0)
        #expect(schedule.seatWaiting().map(\.job.ticket.number) == [2])
        let next = schedule.plan()
        #expect(next.map(\.token) == [0, 1])
        #expect(next.map(\.position) == [0, 1])
    }

    @Test func `where texts are read whole one gets a slot between two steps, in fair order`() {
        var schedule = Schedule(slots: 3, queueLimit: 1, seatsPerStep: 1)
        for number in 1...2 { schedule.enqueue(job(UInt64(number), prompt: 1)) }
        for number in 3...4 {
            let terms = WorkTerms(tenant: "other")
            schedule.enqueue(.init(ticket: Ticket(number: UInt64(number)), prompt: [1], limit: 1, terms: terms))
        }
        var order: [UInt64] = []
        for _ in 0..<3 {
            let seated = schedule.seatWaiting()
            #expect(seated.count == 1)
            order += seated.map(\.job.ticket.number)
            // Who waits for a step although a slot is free is not one too many.
            #expect(schedule.removeOverflow().isEmpty)
            schedule.charge(100, slot: seated[0].place.slot)
            for entry in schedule.plan() where entry.wantsOutput { _ = schedule.chose(1, slot: entry.slot) }
        }
        // What was read for one counts before the next is chosen, and the first of all has answered since.
        #expect(order == [1, 3, 4])
        #expect(schedule.seatWaiting().isEmpty)
    }

    @Test func `a short prompt is not kept waiting by a long one, which comes to its end all the same`() {
        var schedule = Schedule(slots: 3, budget: .init(step: 16, besideAnswers: 8))
        schedule.enqueue(job(1, prompt: 64))
        schedule.enqueue(job(2, prompt: 64))
        schedule.enqueue(job(3, prompt: 6))
        _ = schedule.seatWaiting()
        #expect(shape(schedule.plan()) == [0: 8, 2: 6])
        // Short ones that come without end take no more than they need, nor more than their half.
        for number in 4...7 {
            schedule.vacate(2)
            schedule.enqueue(job(UInt64(number), prompt: 4))
            _ = schedule.seatWaiting()
            #expect(shape(schedule.plan()) == [0: 12, 2: 4])
        }
        schedule.vacate(2)
        schedule.enqueue(job(8, prompt: 15))
        _ = schedule.seatWaiting()
        let last = schedule.plan()
        #expect(shape(last) == [0: 8, 2: 8])
        #expect(last.contains { $0.slot == 0 && $0.wantsOutput })
    }

    @Test func `there is something to do as long as a request waits or has a slot, and nothing afterwards`() {
        var schedule = Schedule(slots: 1)
        #expect(schedule.isIdle)
        #expect(schedule.plan().isEmpty)
        schedule.enqueue(job(1, prompt: 2))
        #expect(!schedule.isIdle)
        #expect(schedule.plan().isEmpty)
        _ = schedule.seatWaiting()
        #expect(!schedule.isIdle)
        #expect(schedule.plan().count == 2)
        // Its next token is not chosen yet.
        #expect(!schedule.isIdle)
        #expect(schedule.plan().isEmpty)
        schedule.vacate(0)
        #expect(schedule.isIdle)
        #expect(schedule.plan().isEmpty)
    }
}
