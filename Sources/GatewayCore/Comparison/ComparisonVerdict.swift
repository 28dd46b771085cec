/// What a sum of pairs comes to, and from where on it is worth saying.
package struct ComparisonVerdict: Sendable, Equatable {
    /// From where on something is a regression.
    package struct Limits: Sendable, Equatable {
        /// Share of pairs that may differ.
        package var differing: Double
        /// How many times as slow latencies and measures may be.
        package var slower: Double
        /// Whether the answers came under a load like that of then: else their latencies are told, and no regression.
        package var judgesLatency: Bool
        /// Pairs below which nothing is said of latencies and measures.
        package var fewest: Int

        package init(
            differing: Double = 0.01,
            slower: Double = 1.5,
            judgesLatency: Bool = true,
            fewest: Int = 20
        ) {
            self.differing = differing
            self.slower = slower
            self.judgesLatency = judgesLatency
            self.fewest = fewest
        }
    }

    /// The verdict in a word, as reports have it.
    package enum Word: String, Sendable {
        case agree
        case differs
        /// No pair was compared: that says nothing, and least of all that answers agree.
        case nothingCompared = "nothing_compared"
    }

    /// Pairs that must differ: one or two are chance.
    static let fewestDiffering = 3
    /// Values that must be beyond a percentile for it to say something: one or two are chance.
    static let fewestBeyond = 10.0
    /// Milliseconds that a latency must have grown by.
    static let leastGrowth = 10.0

    /// Sentences, each about one regression.
    package private(set) var regressions: [String] = []
    /// What a reader should know besides.
    package private(set) var notes: [String] = []

    package var word: Word { isEmpty ? .nothingCompared : regressions.isEmpty ? .agree : .differs }

    private let isEmpty: Bool

    package init(_ sum: ComparisonSum, _ limits: Limits = Limits()) {
        isEmpty = sum.pairs == 0
        judgeAnswers(sum, limits)
        judgeLatency("latency", sum.latency, limits)
        judgeLatency("time to the first byte", sum.firstByte, limits)
        for (field, series) in sum.measures { judge(field, series, limits) }
        if isEmpty { notes.append(Self.nothing) }
        if (1..<limits.fewest).contains(sum.pairs) {
            notes.append("\(sum.pairs) pairs are few: nothing is said of their times")
        }
        if sum.partial > 0 {
            notes.append("of \(sum.partial) pairs only the beginning was compared: a body was longer than what is kept")
        }
        if sum.bodiless > 0 {
            notes.append("of \(sum.bodiless) pairs a body was not kept: only their heads were compared")
        }
    }

    private mutating func judgeAnswers(_ sum: ComparisonSum, _ limits: Limits) {
        let count = sum.differingPairs
        guard count > 0 else { return }
        var words = "\(Self.percent(count, of: sum.pairs)) of answers differ"
        let fields = sum.fields.prefix(3).map { "\(Self.named($0.field)) in \($0.pairs) of \(sum.pairs)" }
        words += ": " + fields.joined(separator: ", ")
        if count >= Self.fewestDiffering, Self.leastShare(count, of: sum.pairs) > limits.differing {
            regressions.append(words)
        } else {
            notes.append("\(words); too few to tell from chance, or within what may differ")
        }
    }

    private mutating func judgeLatency(_ name: String, _ series: ComparisonSum.Series, _ limits: Limits) {
        guard series.count >= limits.fewest else { return }
        for (label, share) in [("p95", 0.95), ("p50", 0.5)] {
            let (one, other) = series.percentile(share)
            guard Double(series.count) * (1 - share) >= Self.fewestBeyond, other > one * limits.slower,
                other - one >= Self.leastGrowth
            else { continue }
            let numbers = "\(Self.number(one)) ms before, \(Self.number(other)) ms now"
            let words = "\(label) of \(name) \(Self.times(one, other)): \(numbers)"
            guard limits.judgesLatency else {
                return notes.append("\(words); several ran at once: concurrency 1, speed 1x or slower has it judged")
            }
            return regressions.append(words)
        }
    }

    /// A median that is beyond most of what was before: no noise.
    private mutating func judge(_ field: String, _ series: ComparisonSum.Series, _ limits: Limits) {
        guard series.count >= limits.fewest else { return }
        let (one, other) = series.percentile(0.5)
        guard other > 0, other > one * limits.slower, other > series.percentile(0.75).one else { return }
        let numbers = "\(Self.number(one)) before, \(Self.number(other)) now"
        regressions.append("field `\(field)` is slower, its median \(Self.times(one, other)): \(numbers)")
    }

    // MARK: - Words

    private static let nothing = """
        nothing was compared, so this says nothing of the answers: see what was found and left out, and check the filters
        """

    private static func named(_ field: String) -> String { field.hasPrefix(".") ? "field `\(field)`" : field }

    private static func times(_ one: Double, _ other: Double) -> String {
        one > 0 ? "\(number(other / one)) times" : "grown from nothing"
    }

    private static func percent(_ count: Int, of all: Int) -> String {
        let tenths = Int((Double(count) * 1000 / Double(all)).rounded())
        return tenths == 0 ? "less than 0.1 %" : "\(tenths / 10).\(tenths % 10) %"
    }

    /// With one decimal place; small ones with three.
    private static func number(_ value: Double) -> String {
        let scale: Double = abs(value) < 1 ? 1000 : 10
        return "\((min(abs(value), 1e12) * scale).rounded() / scale)"
    }

    /// The lower end of Wilson's interval (95 %): with this share or more of all that could be asked.
    static func leastShare(_ count: Int, of all: Int) -> Double {
        guard all > 0 else { return 0 }
        let (share, size, z) = (Double(count) / Double(all), Double(all), 1.96)
        let centre = share + z * z / (2 * size)
        let spread = z * ((share * (1 - share) + z * z / (4 * size)) / size).squareRoot()
        return max(0, (centre - spread) / (1 + z * z / size))
    }
}
