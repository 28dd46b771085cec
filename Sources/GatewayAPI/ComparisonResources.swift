/// A comparison that runs or is over; only in answers.
package struct ComparisonResource: Codable, Sendable, Equatable {
    /// Captures that were not compared, and why.
    package struct Skip: Codable, Sendable, Equatable {
        package var reason: String
        package var count: Int

        package init(reason: String, count: Int) {
            self.reason = reason
            self.count = count
        }
    }

    /// What all pairs come to, in lists too.
    package struct Sum: Codable, Sendable, Equatable {
        /// As in the report.
        package var verdict: String
        package var pairs: Int
        package var agreed: Int
        /// As in the report, and nothing without a pair.
        package var agreement: Double?
        package var similarity: Double?

        package init(verdict: String, pairs: Int, agreed: Int, agreement: Double?, similarity: Double?) {
            self.verdict = verdict
            self.pairs = pairs
            self.agreed = agreed
            self.agreement = agreement
            self.similarity = similarity
        }
    }

    package var id: String
    /// `replay` or `mirror`.
    package var kind: String
    /// `running`, `finished`, `cancelled` or `failed`.
    package var state: String
    package var endpoint: String
    package var to: String
    /// The operator who asked for it.
    package var author: String
    /// ISO 8601.
    package var startTime: String
    package var endTime: String?
    /// Captures that were found, and of those the ones that are done with.
    package var found: Int
    package var done: Int
    package var skipped: [Skip]
    /// Why it has failed.
    package var error: String?
    /// What was asked for.
    package var request: ComparisonRequest
    /// Once it is over, whatever its end was.
    package var sum: Sum?
    /// Once it is over, whatever its end was; not in lists.
    package var report: ComparisonReport?

    package init(
        id: String,
        kind: String,
        state: String,
        author: String,
        startTime: String,
        request: ComparisonRequest
    ) {
        self.id = id
        self.kind = kind
        self.state = state
        self.author = author
        self.startTime = startTime
        self.request = request
        endpoint = request.endpoint
        to = request.to
        found = 0
        done = 0
        skipped = []
    }

    package var isOver: Bool { state != "running" }
}

/// What many pairs of answers come to; only in answers.
///
/// `one` is the answer that the caller had, `other` that of the deployment.
package struct ComparisonReport: Codable, Sendable, Equatable {
    /// Of both sides.
    package struct Sides: Codable, Sendable, Equatable {
        package var one: Double
        package var other: Double

        package init(one: Double, other: Double) {
            self.one = one
            self.other = other
        }
    }

    package struct Percentiles: Codable, Sendable, Equatable {
        package var pairs: Int
        package var p50: Sides
        package var p90: Sides
        package var p95: Sides
        package var p99: Sides

        package init(pairs: Int, p50: Sides, p90: Sides, p95: Sides, p99: Sides) {
            self.pairs = pairs
            self.p50 = p50
            self.p90 = p90
            self.p95 = p95
            self.p99 = p99
        }
    }

    package struct Status: Codable, Sendable, Equatable {
        /// The upstream's; 0 = it gave none.
        package var one: Int
        package var other: Int
        package var pairs: Int

        package init(one: Int, other: Int, pairs: Int) {
            self.one = one
            self.other = other
            self.pairs = pairs
        }
    }

    /// A field that differs, and in how many pairs.
    package struct Field: Codable, Sendable, Equatable {
        package var field: String
        package var pairs: Int

        package init(field: String, pairs: Int) {
            self.field = field
            self.pairs = pairs
        }
    }

    /// A field that tells a time.
    package struct Measure: Codable, Sendable, Equatable {
        package var field: String
        package var values: Percentiles

        package init(field: String, values: Percentiles) {
            self.field = field
            self.values = values
        }
    }

    /// One of all pairs, without what differs in it.
    package struct Pair: Codable, Sendable, Equatable {
        /// The number of the capture of the one answer.
        package var capture: Int64
        package var one: ComparedPair.Side
        package var other: ComparedPair.Side
        /// From 0 to 1.
        package var similarity: Double
        package var agrees: Bool

        package init(
            capture: Int64,
            one: ComparedPair.Side,
            other: ComparedPair.Side,
            similarity: Double,
            agrees: Bool
        ) {
            self.capture = capture
            self.one = one
            self.other = other
            self.similarity = similarity
            self.agrees = agrees
        }
    }

    /// `agree`, `differs`, or `nothing_compared` without a pair.
    package var verdict: String
    /// Sentences, each about one regression.
    package var regressions: [String]
    package var notes: [String]
    package var pairs: Int
    package var agreed: Int
    /// Share of the pairs that agree, and how alike all are in the mean; 0 to 1, and nothing without a pair.
    package var agreement: Double?
    package var similarity: Double?
    package var statuses: [Status]
    package var fields: [Field]
    /// Milliseconds.
    package var latency: Percentiles?
    package var firstByte: Percentiles?
    /// Bytes of the whole bodies.
    package var length: Percentiles?
    package var completionTokens: Percentiles?
    package var measures: [Measure]
    /// Members that were not compared.
    package var ignored: [String]
    /// Pairs that differ, the first fifty.
    package var examples: [ComparedPair]
    /// Every pair, by the number of its capture.
    package var allPairs: [Pair]

    package init(verdict: String, latency: Percentiles?, length: Percentiles?) {
        self.verdict = verdict
        self.latency = latency
        self.length = length
        regressions = []
        notes = []
        pairs = 0
        agreed = 0
        statuses = []
        fields = []
        measures = []
        ignored = []
        examples = []
        allPairs = []
    }
}

/// Two answers to one request, and how they differ; only in answers.
package struct ComparedPair: Codable, Sendable, Equatable {
    package struct Side: Codable, Sendable, Equatable {
        /// The upstream's; 0 = it gave none.
        package var status: Int
        package var durationMs: Double
        /// Bytes of the whole body.
        package var bytes: Int64
        package var promptTokens: Int64?
        package var completionTokens: Int64?

        package init(status: Int, durationMs: Double, bytes: Int64) {
            self.status = status
            self.durationMs = durationMs
            self.bytes = bytes
        }
    }

    /// A field that differs, or `status`, `text` or `body`; without a value where one side has none.
    package struct Difference: Codable, Sendable, Equatable {
        package var field: String
        /// Of long texts the part where they begin to differ.
        package var one: String?
        package var other: String?

        package init(field: String, one: String?, other: String?) {
            self.field = field
            self.one = one
            self.other = other
        }
    }

    /// The number of the capture of the one answer, and of the other where that is captured too.
    package var capture: Int64
    package var otherCapture: Int64?
    package var requestId: String
    package var one: Side
    package var other: Side
    /// `exact`, `fields`, `text`, `bytes`, or `none` where a body was not kept.
    package var method: String
    /// From 0 to 1.
    package var similarity: Double
    package var agrees: Bool
    /// How many times as long the other one took.
    package var latencyRatio: Double
    /// Whether of a body only the beginning was compared.
    package var partial: Bool
    package var differences: [Difference]

    package init(capture: Int64, requestId: String, one: Side, other: Side, method: String) {
        self.capture = capture
        self.requestId = requestId
        self.one = one
        self.other = other
        self.method = method
        similarity = 1
        agrees = true
        latencyRatio = 1
        partial = false
        differences = []
    }
}
