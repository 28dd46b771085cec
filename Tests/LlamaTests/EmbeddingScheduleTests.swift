import Testing

@testable import Llama

@Suite struct EmbeddingScheduleTests {
    private func job(_ number: UInt64, texts: Int, of tenant: String = "a", deadline: ContinuousClock.Instant? = nil)
        -> Schedule.Job
    {
        let terms = WorkTerms(tenant: tenant, deadline: deadline)
        return Schedule.Job(ticket: Ticket(number: number), prompt: [], limit: texts, terms: terms)
    }

    /// The requests that get a slot; their texts are found to fit.
    private func seat(_ schedule: inout EmbeddingSchedule) -> [UInt64] {
        let seated = schedule.seatWaiting()
        for ticket in seated { schedule.checked(ticket) }
        return seated.map(\.number)
    }

    /// The requests whose turn it is, in order, each text having so many tokens.
    private func turns(_ schedule: inout EmbeddingSchedule, _ count: Int) -> [UInt64] {
        (0..<count).compactMap { _ in
            guard let next = schedule.next else { return nil }
            schedule.take(tokens: 10)
            return next.ticket.number
        }
    }

    @Test func `requests that have a slot have their turns one after the other`() {
        var schedule = EmbeddingSchedule(slots: 2, queueLimit: 8)
        for number in 1...3 { schedule.enqueue(job(UInt64(number), texts: 3)) }
        #expect(seat(&schedule) == [1, 2])
        #expect(turns(&schedule, 10) == [1, 2, 1, 2, 1, 2])
        #expect(schedule.next == nil)
        #expect(!schedule.isIdle)
    }

    @Test func `a request has no turn before all of its texts are known to fit, and others have theirs`() {
        var schedule = EmbeddingSchedule(slots: 2, queueLimit: 8)
        for number in 1...2 { schedule.enqueue(job(UInt64(number), texts: 2)) }
        let seated = schedule.seatWaiting()
        #expect(schedule.next == nil)
        #expect(schedule.unchecked == seated)
        schedule.checked(seated[1])
        #expect(turns(&schedule, 10) == [2, 2])
        #expect(schedule.unchecked == [seated[0]])
        schedule.checked(seated[0])
        #expect(turns(&schedule, 10) == [1, 1])
    }

    @Test func `a text's place is told in the order of its request`() {
        var schedule = EmbeddingSchedule(slots: 1, queueLimit: 8)
        schedule.enqueue(job(1, texts: 3))
        _ = seat(&schedule)
        var indices: [Int] = []
        while let next = schedule.next {
            indices.append(next.index)
            schedule.take(tokens: 1)
        }
        #expect(indices == [0, 1, 2])
    }

    @Test func `one that is over makes place for the next, wherever it was`() {
        var schedule = EmbeddingSchedule(slots: 1, queueLimit: 8)
        for number in 1...3 { schedule.enqueue(job(UInt64(number), texts: 2)) }
        #expect(seat(&schedule) == [1])
        schedule.remove(Ticket(number: 1))
        schedule.remove(Ticket(number: 2))
        #expect(seat(&schedule) == [3])
        schedule.remove(Ticket(number: 3))
        #expect(schedule.isIdle)
    }

    @Test func `of two tenants the one that had fewer tokens comes first`() {
        var schedule = EmbeddingSchedule(slots: 1, queueLimit: 8)
        schedule.enqueue(job(1, texts: 1, of: "a"))
        #expect(seat(&schedule) == [1])
        schedule.enqueue(job(2, texts: 1, of: "a"))
        schedule.enqueue(job(3, texts: 1, of: "b"))
        schedule.enqueue(job(4, texts: 1, of: "b"))
        schedule.take(tokens: 100)
        schedule.remove(Ticket(number: 1))
        #expect(seat(&schedule) == [3])
        schedule.take(tokens: 10)
        schedule.remove(Ticket(number: 3))
        #expect(seat(&schedule) == [4])
        schedule.take(tokens: 200)
        schedule.remove(Ticket(number: 4))
        #expect(seat(&schedule) == [2])
    }

    @Test func `who is late or too many is taken out`() {
        var schedule = EmbeddingSchedule(slots: 1, queueLimit: 1)
        let now = ContinuousClock.now
        schedule.enqueue(job(1, texts: 1))
        _ = seat(&schedule)
        schedule.enqueue(job(2, texts: 1, deadline: now))
        #expect(schedule.removeOverdue(at: now).map(\.number) == [2])
        schedule.enqueue(job(3, texts: 1))
        schedule.enqueue(job(4, texts: 1))
        #expect(schedule.removeOverflow().map(\.number) == [4])
    }
}
