import GatewayAPI
import GatewayCore

extension ComparisonReport {
    init(_ sum: ComparisonSum, _ verdict: ComparisonVerdict, ignored: [String]) {
        self.init(
            verdict: verdict.word.rawValue,
            latency: Percentiles(sum.latency),
            length: Percentiles(sum.length)
        )
        regressions = verdict.regressions
        notes = verdict.notes
        pairs = sum.pairs
        agreed = sum.agreed
        agreement = sum.agreement
        similarity = sum.similarity
        statuses = sum.statuses.map { Status(one: $0.one, other: $0.other, pairs: $0.pairs) }
        fields = sum.fields.map { Field(field: $0.field, pairs: $0.pairs) }
        firstByte = Percentiles(sum.firstByte)
        completionTokens = Percentiles(sum.completionTokens)
        measures = sum.measures.compactMap { field, series in
            Percentiles(series).map { Measure(field: field, values: $0) }
        }
        self.ignored = ignored
        examples = sum.examples.map { ComparedPair($0.comparison, capture: $0.capture, $0.requestID) }
        allPairs = sum.allPairs.sorted { $0.capture < $1.capture }.map(Pair.init)
    }
}

extension ComparisonReport.Pair {
    fileprivate init(_ pair: ComparisonSum.Pair) {
        self.init(
            capture: pair.capture,
            one: ComparedPair.Side(pair.one),
            other: ComparedPair.Side(pair.other),
            // Four digits say enough, and are shorter.
            similarity: (Double(pair.similarity) * 10_000).rounded() / 10_000,
            agrees: pair.isAgreed
        )
    }
}

extension ComparedPair.Side {
    fileprivate init(_ side: ComparisonSum.Pair.Side) {
        self.init(status: Int(side.status), durationMs: Double(side.microseconds) / 1000, bytes: side.length)
        promptTokens = side.promptTokens.map(Int64.init)
        completionTokens = side.completionTokens.map(Int64.init)
    }
}

extension ComparisonReport.Percentiles {
    /// `nil` where no pair has the value.
    fileprivate init?(_ series: ComparisonSum.Series) {
        guard series.count > 0 else { return nil }
        let sorted = (one: series.one.sorted(), other: series.other.sorted())
        func sides(_ share: Double) -> ComparisonReport.Sides {
            ComparisonReport.Sides(
                one: ComparisonSum.Series.percentile(sorted.one, share),
                other: ComparisonSum.Series.percentile(sorted.other, share)
            )
        }
        self.init(pairs: series.count, p50: sides(0.5), p90: sides(0.9), p95: sides(0.95), p99: sides(0.99))
    }
}
