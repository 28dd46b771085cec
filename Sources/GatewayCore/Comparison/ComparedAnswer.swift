/// What of an answer is compared with another one to the same request.
package struct ComparedAnswer: Sendable, Equatable {
    package enum Form: Sendable, Equatable {
        case json
        /// Events, or lines of JSON.
        case events
        case text
        /// Pictures, sound, and whatever else is no text.
        case binary
    }

    /// The upstream's; 0 = it gave none.
    package var status: Int
    /// From the request's first byte to the end of all, and to the first byte of the answer's body.
    package var microseconds: Int64
    package var firstByteMicroseconds: Int64?
    /// Bytes of the whole body.
    package var length: Int64
    package var promptTokens: Int64?
    package var completionTokens: Int64?
    /// `nil` where no body was kept.
    package var body: Body?

    package struct Body: Sendable, Equatable {
        package var form: Form
        package var bytes: [UInt8]
        /// Whether the body was longer than what there is of it.
        package var isCut: Bool

        package init(form: Form, bytes: [UInt8], isCut: Bool = false) {
            self.form = form
            self.bytes = bytes
            self.isCut = isCut
        }
    }

    package init(status: Int, microseconds: Int64, length: Int64, body: Body?) {
        self.status = status
        self.microseconds = microseconds
        self.length = length
        self.body = body
    }
}

/// How two answers to one request differ.
package struct AnswerComparison: Sendable, Equatable {
    /// By what the bodies were compared.
    package enum Method: String, Sendable {
        /// They are the same bytes.
        case exact
        case fields
        case text
        case bytes
        /// One of them was not kept.
        case none
    }

    /// A field that differs; `nil` where one side does not have it.
    package struct Difference: Sendable, Equatable {
        package var field: String
        package var one: String?
        package var other: String?

        package init(field: String, one: String?, other: String?) {
            self.field = field
            self.one = one
            self.other = other
        }

        /// Of long texts the part where they begin to differ.
        fileprivate var clipped: Difference {
            guard let one, let other, max(one.utf8.count, other.utf8.count) > Self.longest else {
                func start(_ text: String?) -> String? { text.map { $0.clip(0, Self.longest) } }
                return Difference(field: field, one: start(one), other: start(other))
            }
            var common = 0
            for (left, right) in zip(one.unicodeScalars, other.unicodeScalars) {
                guard left == right else { break }
                common += 1
            }
            let start = max(0, common - Self.longest / 4)
            return Difference(field: field, one: one.clip(start, Self.longest), other: other.clip(start, Self.longest))
        }

        private static let longest = 400
    }

    /// A number that tells a time: compared with others of its field, not with that of its pair.
    package struct Measure: Sendable, Equatable {
        package var field: String
        package var one: Double
        package var other: Double

        package init(field: String, one: Double, other: Double) {
            self.field = field
            self.one = one
            self.other = other
        }
    }

    /// Both sides, without their bodies.
    package var one: ComparedAnswer
    package var other: ComparedAnswer
    package var method = Method.none
    /// From 0 to 1.
    package var similarity = 1.0
    /// The first of each field, and of at most `mostDifferences` fields.
    package var differences: [Difference] = []
    /// The first `mostDifferences`.
    package var measures: [Measure] = []
    /// Of which side only the beginning was kept: what it lacks is no difference.
    package var isOneCut = false
    package var isOtherCut = false
    /// Whether of a body only the beginning was compared.
    package var isPartial: Bool { isOneCut || isOtherCut }

    package static let mostDifferences = 50

    package var isAgreed: Bool { differences.isEmpty }

    /// How many times as long the other one took.
    package var latencyRatio: Double { Double(other.microseconds) / Double(max(1, one.microseconds)) }

    init(_ one: ComparedAnswer, _ other: ComparedAnswer) {
        self.one = one
        self.other = other
        self.one.body = nil
        self.other.body = nil
    }

    mutating func note(_ measure: Measure) {
        if measures.count < Self.mostDifferences { measures.append(measure) }
    }

    mutating func note(_ difference: Difference) {
        guard differences.count < Self.mostDifferences, !differences.contains(where: { $0.field == difference.field })
        else { return }
        differences.append(difference.clipped)
    }
}

extension String {
    /// So many scalars from one on, and dots where there are more.
    fileprivate func clip(_ start: Int, _ most: Int) -> String {
        let scalars = unicodeScalars.dropFirst(start)
        let part = String(String.UnicodeScalarView(scalars.prefix(most)))
        return (start > 0 ? "…" : "") + part + (scalars.dropFirst(most).isEmpty ? "" : "…")
    }
}
