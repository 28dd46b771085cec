import Testing

@testable import GatewayCore

/// What many pairs come to.
@Suite struct ComparisonVerdictTests {
    /// Pairs of which so many have another label, and whose times are so many times as long; a few, ten times.
    private static func sum(
        _ pairs: Int,
        wrong: Int = 0,
        slower: Double = 1,
        hiccups: Int = 0,
        timing: Double = 1,
        milliseconds: Double = 40
    ) -> ComparisonSum {
        var sum = ComparisonSum()
        for number in 0..<pairs {
            // Some noise, the same of both sides in the mean.
            let noise = 1 + Double((number * 7) % 11) / 20
            let other = 1 + Double((number * 5) % 11) / 20
            func answer(_ label: String, _ milliseconds: Double, _ timing: Double) -> ComparedAnswer {
                let text = #"{"label":"\#(label)","timing_ms":\#(timing)}"#
                return ComparedAnswer(
                    status: 200,
                    microseconds: Int64(milliseconds * 1000),
                    length: Int64(text.utf8.count),
                    body: .init(form: .json, bytes: Array(text.utf8))
                )
            }
            let times = number < hiccups ? 10 : slower
            let comparison = AnswerComparer().compare(
                answer("cat", milliseconds * noise, 10 * noise),
                answer(number < wrong ? "dog" : "cat", milliseconds * other * times, 10 * other * timing)
            )
            sum.add(comparison, capture: Int64(number), requestID: "r-\(number)")
        }
        return sum
    }

    @Test func `the same answers in the same time agree`() {
        let verdict = ComparisonVerdict(Self.sum(1000))
        #expect(verdict.word == .agree && verdict.notes.isEmpty)
    }

    @Test func `three in a hundred wrong answers are named, with the field`() {
        let sum = Self.sum(1000, wrong: 30)
        #expect(ComparisonVerdict(sum).regressions == ["3.0 % of answers differ: field `.label` in 30 of 1000"])
        #expect(sum.agreement == 0.97 && sum.fields == [.init(field: ".label", pairs: 30)])
        #expect(sum.examples.count == 30 && sum.examples.first?.requestID == "r-0")
    }

    @Test func `every pair is kept, also those that agree, in a hundred bytes each`() throws {
        let sum = Self.sum(1000, wrong: 300)
        #expect(sum.examples.count == 50 && sum.allPairs.map(\.capture) == Array(0..<1000))
        #expect(sum.allPairs.map(\.isAgreed) == (0..<1000).map { $0 >= 300 })
        let pair = try #require(sum.allPairs.first)
        #expect(pair.one.status == 200 && pair.other.status == 200 && pair.one.microseconds == 40_000)
        #expect(pair.one.length == 32 && pair.one.promptTokens == nil && pair.similarity < 1)
        #expect(MemoryLayout<ComparisonSum.Pair>.stride <= 100)
    }

    @Test func `a slower answer and a slower field are named`() {
        let latency = ComparisonVerdict(Self.sum(200, slower: 2.1)).regressions
        #expect(latency.count == 1 && latency.first?.hasPrefix("p95 of latency 2.1 times: ") == true, "\(latency)")
        let field = ComparisonVerdict(Self.sum(200, timing: 2.6)).regressions
        #expect(field.count == 1, "\(field)")
        #expect(field.first?.hasPrefix("field `.timing_ms` is slower, its median 2.6 times: ") == true, "\(field)")
    }

    @Test(arguments: [(1, 1), (2, 2), (10, 1), (200, 2), (1000, 10)])
    func `few differences are told, and are no regression`(pairs: Int, wrong: Int) {
        let verdict = ComparisonVerdict(Self.sum(pairs, wrong: wrong))
        #expect(verdict.word == .agree)
        #expect(verdict.notes.contains { $0.contains("of answers differ") })
    }

    @Test(arguments: [(3, 3), (10, 4), (100, 5), (1000, 20)])
    func `more than chance explains is one`(pairs: Int, wrong: Int) {
        #expect(ComparisonVerdict(Self.sum(pairs, wrong: wrong)).word == .differs)
    }

    @Test func `of few pairs no time is judged, nor of latencies that hardly grow`() {
        #expect(ComparisonVerdict(Self.sum(19, slower: 9, timing: 9)).word == .agree)
        #expect(ComparisonVerdict(Self.sum(500, slower: 3, milliseconds: 1)).word == .agree)
    }

    @Test func `a percentile that few are beyond is no regression, the median is`() {
        let latency = ComparisonVerdict(Self.sum(199, slower: 9)).regressions
        #expect(latency.count == 1 && latency.first?.hasPrefix("p50 of latency ") == true, "\(latency)")
        #expect(ComparisonVerdict(Self.sum(100, hiccups: 9)).word == .agree)
    }

    @Test func `latencies under another load are told, and only they are no regression`() {
        let verdict = ComparisonVerdict(Self.sum(1000, slower: 9, timing: 2), .init(judgesLatency: false))
        #expect(verdict.notes.contains { $0.hasPrefix("p95 of latency 9.0 times: ") && $0.contains("at once") })
        #expect(verdict.regressions.count == 1 && verdict.regressions[0].contains("timing_ms"), "\(verdict)")
    }

    @Test func `limits can be set`() {
        let sum = Self.sum(1000, wrong: 30, slower: 1.3)
        #expect(ComparisonVerdict(sum, .init(differing: 0.1)).word == .agree)
        #expect(ComparisonVerdict(sum, .init(differing: 0.1, slower: 1.2)).regressions.count == 1)
    }

    @Test func `percentiles are nearest ranks`() {
        var sum = ComparisonSum()
        for number in 1...100 {
            let answer = ComparedAnswer(status: 200, microseconds: Int64(number) * 1000, length: 0, body: nil)
            sum.add(AnswerComparer().compare(answer, answer), capture: 1, requestID: "")
        }
        #expect(sum.latency.percentile(0.5).one == 50 && sum.latency.percentile(0.95).other == 95)
        #expect(sum.latency.percentile(1).one == 100)
    }

    @Test func `nothing that was compared is no agreement`() {
        let verdict = ComparisonVerdict(ComparisonSum())
        #expect(verdict.word == .nothingCompared && verdict.word.rawValue == "nothing_compared")
        #expect(verdict.regressions.isEmpty && verdict.notes.count == 1)
        #expect(ComparisonSum().agreement == nil && ComparisonSum().similarity == nil)
    }

    @Test func `statuses are counted by both sides`() {
        var sum = ComparisonSum()
        for other in [200, 500, 500] {
            let one = ComparedAnswer(status: 200, microseconds: 1, length: 0, body: nil)
            let two = ComparedAnswer(status: other, microseconds: 1, length: 0, body: nil)
            sum.add(AnswerComparer().compare(one, two), capture: 1, requestID: "")
        }
        #expect(sum.statuses == [.init(one: 200, other: 500, pairs: 2), .init(one: 200, other: 200, pairs: 1)])
    }
}
