import GatewayCore
import Testing

@Suite struct FairQueueTests {
    private typealias Flow = FairQueue<String>.Flow

    /// A queue and the numbers it was given.
    private struct Line {
        var queue: FairQueue<String>
        var number = 0

        init(bound: Int = 10_000) { queue = FairQueue(bound: bound) }

        mutating func add(
            _ text: String,
            tenant: String = "demo",
            caller: String,
            weights: FairQueue<String>.Weights = .init()
        ) -> FairQueue<String>.Entry {
            number += 1
            return queue.add(text, number: number, of: .init(tenant: tenant, caller: caller), weights)
        }

        mutating func serve(where fits: (String) -> Bool = { _ in true }) -> String? {
            guard let next = queue.next(of: \.self, where: fits) else { return nil }
            queue.serve(next.flow)
            return next.element
        }
    }

    @Test func `one flow is served in order`() {
        var line = Line()
        for text in ["1", "2", "3"] { _ = line.add(text, caller: "a") }
        #expect([line.serve(), line.serve(), line.serve(), line.serve()] == ["1", "2", "3", nil])
        #expect(line.queue.count == 0)
    }

    @Test(arguments: 0..<100) func `who comes last is next, however many another caller has waiting`(served: Int) {
        var line = Line()
        for number in 0..<1000 { _ = line.add("a\(number)", caller: "a") }
        for _ in 0..<served { _ = line.serve() }
        _ = line.add("b", caller: "b")
        #expect(line.serve() == "b")
    }

    @Test func `callers take turns, and tenants take turns whatever the number of their callers`() {
        var line = Line()
        for caller in 0..<10 {
            for number in 0..<10 { _ = line.add("many \(caller) \(number)", tenant: "many", caller: "\(caller)") }
        }
        for number in 0..<100 { _ = line.add("one \(number)", tenant: "one", caller: "x") }
        let served = (0..<40).compactMap { _ in line.serve() }
        #expect(served.count { $0.hasPrefix("one") } == 20)
        for caller in 0..<10 { #expect(served.count { $0.hasPrefix("many \(caller) ") } == 2) }
    }

    @Test func `asking again at once wins nothing`() {
        var line = Line()
        for number in 0..<100 { _ = line.add("patient \(number)", caller: "patient") }
        _ = line.add("eager", caller: "eager")
        var eager = 0
        for _ in 0..<40 where line.serve() == "eager" {
            eager += 1
            _ = line.add("eager", caller: "eager")
        }
        #expect((19...21).contains(eager))
    }

    @Test func `who does not fit now is passed over and keeps its turn`() {
        var line = Line()
        _ = line.add("large", caller: "a")
        _ = line.add("small", caller: "b")
        #expect(line.serve { $0 == "small" } == "small")
        #expect(line.serve { $0 == "small" } == nil)
        #expect(line.serve() == "large")
    }

    @Test func `who leaves is not served`() {
        var line = Line()
        for number in 1...3 { _ = line.add("\(number)", caller: "a") }
        let flow = Flow(tenant: "demo", caller: "a")
        let wasThere = (0..<2).map { _ in line.queue.remove(number: 2, of: flow) }
        #expect(wasThere == [true, false])
        #expect([line.serve(), line.serve(), line.serve()] == ["1", "3", nil])
    }

    @Test func `a full queue makes room at the expense of who has most`() {
        var line = Line(bound: 10)
        for number in 0..<10 { _ = line.add("a\(number)", tenant: "greedy", caller: "a") }
        guard case .full = line.add("a10", tenant: "greedy", caller: "a") else {
            Issue.record("there was room")
            return
        }
        guard case .displaces("a9") = line.add("b", tenant: "modest", caller: "b") else {
            Issue.record("it did not take the place of the last")
            return
        }
        #expect(line.queue.count == 10)
        #expect(line.serve() == "b")
    }

    @Test func `in a queue that one caller has filled another of its tenant takes the place of its last`() {
        var line = Line(bound: 10)
        for number in 0..<10 { _ = line.add("a\(number)", caller: "a") }
        guard case .displaces("a9") = line.add("b", caller: "b") else {
            Issue.record("it did not take the place of the last")
            return
        }
        guard case .full = line.add("a10", caller: "a") else {
            Issue.record("it took another's place")
            return
        }
        #expect(line.queue.count == 10)
        #expect([line.serve(), line.serve()].contains("b"))
    }

    @Test func `with two thousand lanes of one kind and no place, one look asks once`() {
        var line = Line()
        for number in 0..<2000 { _ = line.add("\(number)", tenant: "t\(number % 7)", caller: "\(number)") }
        var asked = 0
        let next = line.queue.next(of: { _ in 0 }) { _ in
            asked += 1
            return false
        }
        #expect(next == nil && asked == 1)
    }

    @Test func `those who are taken out together leave the others as they are`() {
        var line = Line()
        for number in 0..<6 { _ = line.add("\(number)", tenant: "t\(number % 2)", caller: "\(number % 3)") }
        #expect(line.queue.removeAll { $0 == "1" || $0 == "4" }.sorted() == ["1", "4"])
        #expect(line.queue.count == 4)
        #expect((0..<5).compactMap { _ in line.serve() }.sorted() == ["0", "2", "3", "5"])
    }

    @Test func `flows that come and go leave nothing behind`() {
        var line = Line()
        _ = line.add("stays", caller: "stays")
        for number in 0..<10_000 {
            _ = line.add("x", tenant: "t\(number)", caller: "c\(number)")
            _ = line.serve { $0 == "x" }
        }
        #expect(line.queue.count == 1)
        #expect(line.queue.lanes <= 200)
    }
}
