import Testing

@testable import Llama

@Suite struct FairOrderTests {
    private static let start = ContinuousClock.now

    private func job(
        _ number: UInt64,
        _ tenant: String,
        weight: Int = 1,
        caller: String = "",
        callerWeight: Int = 1,
        within deadline: Duration? = nil,
        after wait: Duration = .zero
    ) -> Schedule.Job {
        let arrived = Self.start + wait
        let terms = WorkTerms(
            tenant: tenant,
            weight: weight,
            caller: caller,
            callerWeight: callerWeight,
            deadline: deadline.map { arrived + $0 }
        )
        return Schedule.Job(ticket: Ticket(number: number), prompt: [1], limit: 1, terms: terms, arrived: arrived)
    }

    /// Seats one after the other, each of which takes so many tokens and leaves.
    private func order(_ queue: inout FairOrder, _ count: Int, tokens: (String) -> Int = { _ in 100 }) -> [String] {
        (0..<count).compactMap { _ in
            guard let terms = queue.next()?.terms else { return nil }
            queue.charge(terms, tokens(terms.tenant))
            queue.leave(terms)
            return terms.tenant
        }
    }

    /// The numbers in the order in which they are seated.
    private func numbers(_ queue: inout FairOrder) -> [UInt64] {
        var numbers: [UInt64] = []
        while let job = queue.next() { numbers.append(job.ticket.number) }
        return numbers
    }

    @Test func `with a thousand of one tenant waiting another's single request is next`() {
        var queue = FairOrder()
        for number in 1...1000 { queue.add(job(UInt64(number), "a")) }
        _ = order(&queue, 10)
        queue.add(job(2000, "b"))
        let next = queue.next()?.terms.tenant
        #expect(next == "b")
    }

    @Test func `another's single request is next also while the first tenant has every slot`() {
        var queue = FairOrder()
        for number in 1...1000 { queue.add(job(UInt64(number), "a")) }
        for _ in 0..<4 { _ = queue.next() }
        queue.charge(WorkTerms(tenant: "a"), 4)
        queue.add(job(2000, "b"))
        queue.leave(WorkTerms(tenant: "a"))
        let next = queue.next()?.terms.tenant
        #expect(next == "b")
    }

    @Test func `tenants take turns by tokens and not by requests`() {
        var queue = FairOrder()
        for number in 1...40 { queue.add(job(UInt64(number), number % 2 == 0 ? "long" : "short")) }
        let seated = order(&queue, 20) { $0 == "long" ? 300 : 100 }
        #expect(seated.count { $0 == "short" } == 15)
    }

    @Test func `a tenant of weight three gets three tokens for every one`() {
        var queue = FairOrder()
        for number in 1...40 {
            queue.add(number % 2 == 0 ? job(UInt64(number), "a", weight: 3) : job(UInt64(number), "b"))
        }
        let seated = order(&queue, 20)
        #expect(seated.count { $0 == "a" } == 15)
    }

    @Test func `callers of one tenant share what it gets by their weights, however many each has waiting`() {
        var queue = FairOrder()
        for number in 1...100 { queue.add(job(UInt64(number), "a", caller: "batch")) }
        for number in 101...130 { queue.add(job(UInt64(number), "a", caller: "chat", callerWeight: 3)) }
        for number in 201...230 { queue.add(job(UInt64(number), "b")) }
        var seated: [String] = []
        for _ in 0..<40 {
            guard let terms = queue.next()?.terms else { break }
            queue.charge(terms, 100)
            queue.leave(terms)
            seated.append(terms.tenant + terms.caller)
        }
        #expect(seated.count { $0 == "b" } == 20)
        #expect(seated.count { $0 == "achat" } == 15)
        #expect(seated.count { $0 == "abatch" } == 5)
    }

    @Test func `a full queue takes the place of the caller that has the most, of the tenant that has`() {
        var queue = FairOrder()
        for number in 1...3 { queue.add(job(UInt64(number), "a", caller: "x")) }
        for number in 4...8 { queue.add(job(UInt64(number), "a", caller: "y")) }
        for number in 9...14 { queue.add(job(UInt64(number), "b")) }
        let last = queue.removeLastOfLongest()
        #expect(last?.ticket.number == 8)
    }

    @Test func `who comes back after a rest has not saved up anything`() {
        var queue = FairOrder()
        for number in 1...100 { queue.add(job(UInt64(number), "a")) }
        _ = order(&queue, 50)
        for number in 200...300 { queue.add(job(UInt64(number), "b")) }
        let seated = order(&queue, 20)
        #expect(seated.count { $0 == "b" } == 10)
    }

    @Test func `asking again at once wins nothing`() {
        var queue = FairOrder()
        for number in 1...50 { queue.add(job(UInt64(number), "a")) }
        var seated: [String] = []
        for number in 100...119 {
            queue.add(job(UInt64(number), "b"))
            seated += order(&queue, 1)
        }
        #expect(seated.count { $0 == "b" } == 10)
    }

    @Test func `within a tenant the earliest deadline comes first, of equals who came first`() {
        var queue = FairOrder()
        queue.add(job(1, "a", within: .seconds(9)))
        queue.add(job(2, "a", within: .seconds(3)))
        queue.add(job(3, "a", within: .seconds(3)))
        queue.add(job(4, "a", within: .seconds(5)))
        let seated = numbers(&queue)
        #expect(seated == [2, 3, 4, 1])
    }

    @Test func `one without a deadline is not passed for ever by those that have one`() {
        var queue = FairOrder()
        queue.add(job(1, "a"))
        queue.add(job(2, "a", within: .seconds(5), after: .seconds(10)))
        queue.add(job(3, "a", within: .seconds(5), after: .seconds(100)))
        let seated = numbers(&queue)
        #expect(seated == [2, 1, 3])
    }

    @Test func `those whose time is over are taken out and no others`() {
        var queue = FairOrder()
        queue.add(job(1, "a", within: .seconds(1)))
        queue.add(job(2, "a", within: .seconds(3)))
        queue.add(job(3, "b"))
        let gone = queue.removeOverdue(at: Self.start + .seconds(2))
        #expect(gone.map(\.ticket.number) == [1])
        #expect(queue.count == 2)
    }

    @Test func `a full queue takes the place of the last one of who has the most for its weight`() {
        var queue = FairOrder()
        for number in 1...6 { queue.add(job(UInt64(number), "heavy", weight: 3)) }
        for number in 11...13 { queue.add(job(UInt64(number), "light")) }
        let last = queue.removeLastOfLongest()
        #expect(last?.ticket.number == 13)
        #expect(queue.count == 8)
    }

    @Test func `tenants that come and go leave nothing behind`() {
        var queue = FairOrder()
        queue.add(job(1, "stays"))
        _ = queue.next()
        for number in 2...5000 {
            queue.add(job(UInt64(number), "tenant \(number)"))
            queue.charge(WorkTerms(tenant: "stays"), 1)
            _ = order(&queue, 1)
        }
        #expect(queue.known < 1000)
    }
}
