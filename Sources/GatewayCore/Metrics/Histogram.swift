/// How many of the values were at most so large.
package struct Histogram: Sendable, Equatable {
    /// The bounds of the buckets, and what a value counts.
    package struct Scale: Sendable, Equatable {
        /// Ascending, in the values' own unit.
        package let bounds: [Int64]
        /// How many of the values' units make one that is shown.
        package let unit: Double

        package init(_ bounds: [Double], unit: Double) {
            self.bounds = bounds.map { Int64(($0 * unit).rounded()) }
            self.unit = unit
        }
    }

    package let scale: Scale
    /// Of each bucket alone; the last one has no bound.
    package private(set) var counts: [Int64]
    package private(set) var sum: Int64 = 0

    package init(_ scale: Scale) {
        self.scale = scale
        counts = Array(repeating: 0, count: scale.bounds.count + 1)
    }

    package var count: Int64 { counts.reduce(0, +) }

    package mutating func record(_ value: Int64) {
        var bucket = 0
        // The bounds are few, and most values are small.
        while bucket < scale.bounds.count, value > scale.bounds[bucket] { bucket += 1 }
        counts[bucket] += 1
        sum &+= value
    }

    /// - Parameter other: of the same scale.
    package mutating func add(_ other: Histogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        sum &+= other.sum
    }
}

extension Histogram.Scale {
    /// Microseconds, shown in seconds: of whatever the gateway answers.
    package static let requests = Histogram.Scale(
        [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
        unit: 1_000_000
    )
    /// Nanoseconds, shown in seconds: how late an event loop is.
    package static let lags = Histogram.Scale(
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1],
        unit: 1_000_000_000
    )

    // The buckets that OpenTelemetry's conventions for generative AI ask for.

    package static let tokens = Histogram.Scale((0...13).map { Double(1 << (2 * $0)) }, unit: 1)
    /// Microseconds, shown in seconds.
    package static let operations = Histogram.Scale((0...13).map { Double(1 << $0) / 100 }, unit: 1_000_000)
    /// Microseconds, shown in seconds.
    package static let firstTokens = Histogram.Scale(
        [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
        unit: 1_000_000
    )
    /// Nanoseconds, shown in seconds.
    package static let outputTokens = Histogram.Scale(
        [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5],
        unit: 1_000_000_000
    )
}
