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

    @Test func `without requests there is nothing to do`() {
        var schedule = Schedule(slots: 2)
        #expect(schedule.isIdle)
        #expect(schedule.plan().isEmpty)
    }
}
