/// What many pairs of answers say together.
package struct ComparisonSum: Sendable {
    /// Names of fields, measures and statuses that are told apart; callers' answers may have any.
    private static let mostNames = 200
    private static let mostExamples = 50

    /// A field that differs, and in how many pairs.
    package struct FieldCount: Sendable, Equatable {
        package var field: String
        package var pairs: Int
    }

    package struct StatusCount: Sendable, Equatable {
        package var one: Int
        package var other: Int
        package var pairs: Int
    }

    /// A value of each pair, of both sides.
    package struct Series: Sendable, Equatable {
        package private(set) var one: [Double] = []
        package private(set) var other: [Double] = []

        package var count: Int { one.count }

        mutating func add(_ one: Double, _ other: Double) {
            self.one.append(one)
            self.other.append(other)
        }

        /// Of both sides, the nearest rank: 0.5 is the median.
        package func percentile(_ share: Double) -> (one: Double, other: Double) {
            (Self.percentile(one.sorted(), share), Self.percentile(other.sorted(), share))
        }

        package static func percentile(_ sorted: [Double], _ share: Double) -> Double {
            guard !sorted.isEmpty else { return 0 }
            let rank = Int((Double(sorted.count) * share).rounded(.up))
            return sorted[min(sorted.count, max(1, rank)) - 1]
        }
    }

    /// A pair that differs, as an example.
    package struct Example: Sendable, Equatable {
        /// The number of the capture that the first answer is from.
        package var capture: Int64
        package var requestID: String
        package var comparison: AnswerComparison
    }

    /// What is kept of every pair, 80 bytes: there may be ten thousand.
    package struct Pair: Sendable, Equatable {
        package struct Side: Sendable, Equatable {
            package var microseconds: Int64
            package var length: Int64
            package var promptTokens: Int32?
            package var completionTokens: Int32?
            package var status: Int16

            fileprivate init(_ answer: ComparedAnswer) {
                microseconds = answer.microseconds
                length = answer.length
                promptTokens = answer.promptTokens.map { Int32(clamping: $0) }
                completionTokens = answer.completionTokens.map { Int32(clamping: $0) }
                status = Int16(clamping: answer.status)
            }
        }

        /// The number of the capture that the first answer is from.
        package var capture: Int64
        package var one: Side
        package var other: Side
        package var similarity: Float
        package var isAgreed: Bool
    }

    package private(set) var pairs = 0
    /// Every pair, in the order in which they were done.
    package private(set) var allPairs: [Pair] = []
    package private(set) var agreed = 0
    /// Pairs of whose bodies only the beginning was compared.
    package private(set) var partial = 0
    /// Pairs of which a body was not kept.
    package private(set) var bodiless = 0
    package private(set) var examples: [Example] = []
    /// Milliseconds.
    package private(set) var latency = Series()
    package private(set) var firstByte = Series()
    package private(set) var length = Series()
    package private(set) var completionTokens = Series()
    private var similarities = 0.0
    private var differing: [String: Int] = [:]
    private var statusPairs: [Int: Int] = [:]
    private var measured: [String: Series] = [:]

    package init() {}

    package mutating func add(_ comparison: AnswerComparison, capture: Int64, requestID: String) {
        let (one, other) = (comparison.one, comparison.other)
        pairs += 1
        allPairs.append(
            Pair(
                capture: capture,
                one: Pair.Side(one),
                other: Pair.Side(other),
                similarity: Float(comparison.similarity),
                isAgreed: comparison.isAgreed
            )
        )
        similarities += comparison.similarity
        if comparison.isPartial { partial += 1 }
        if comparison.method == .none { bodiless += 1 }
        latency.add(Double(one.microseconds) / 1000, Double(other.microseconds) / 1000)
        if let first = one.firstByteMicroseconds, let second = other.firstByteMicroseconds {
            firstByte.add(Double(first) / 1000, Double(second) / 1000)
        }
        length.add(Double(one.length), Double(other.length))
        if let tokens = one.completionTokens, let others = other.completionTokens {
            completionTokens.add(Double(tokens), Double(others))
        }
        statusPairs[one.status * 1000 + other.status, default: 0] += 1
        for measure in comparison.measures { add(measure) }
        for difference in comparison.differences { count(difference.field) }
        if comparison.isAgreed {
            agreed += 1
        } else if examples.count < Self.mostExamples {
            examples.append(Example(capture: capture, requestID: requestID, comparison: comparison))
        }
    }

    private mutating func count(_ field: String) {
        let name = differing[field] != nil || differing.count < Self.mostNames ? field : "other"
        differing[name, default: 0] += 1
    }

    private mutating func add(_ measure: AnswerComparison.Measure) {
        guard measured[measure.field] != nil || measured.count < Self.mostNames else { return }
        measured[measure.field, default: Series()].add(measure.one, measure.other)
    }

    package var differingPairs: Int { pairs - agreed }

    /// From 0 to 1; `nil` without a pair.
    package var agreement: Double? { pairs == 0 ? nil : Double(agreed) / Double(pairs) }

    /// The mean of all pairs, from 0 to 1; `nil` without one.
    package var similarity: Double? { pairs == 0 ? nil : similarities / Double(pairs) }

    /// The fields that differ, the most frequent first.
    package var fields: [FieldCount] {
        differing.map { FieldCount(field: $0.key, pairs: $0.value) }
            .sorted { ($1.pairs, $0.field) < ($0.pairs, $1.field) }
    }

    package var statuses: [StatusCount] {
        statusPairs.map { StatusCount(one: $0.key / 1000, other: $0.key % 1000, pairs: $0.value) }
            .sorted { ($1.pairs, $0.one, $0.other) < ($0.pairs, $1.one, $1.other) }
    }

    package var measures: [(field: String, series: Series)] {
        measured.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
