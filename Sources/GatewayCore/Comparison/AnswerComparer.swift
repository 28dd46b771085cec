/// Compares two answers to one request: status, and body by its form.
///
/// JSON goes field by field, streams by what they assemble to, other text as a whole. A text that is alike enough agrees, and
/// so does a number that is near enough. Fields whose names say that they tell a time are measures: they differ
/// from answer to answer, and only many of them together say something.
package struct AnswerComparer: Sendable, Equatable {
    /// Members that differ from answer to answer whatever was asked, or follow from the rest; with all that is in them.
    package static let ignoredNames = [
        "id", "created", "created_at", "timestamp", "request_id", "system_fingerprint", "model", "usage",
    ]

    /// Words of the names of measures: `timing_ms`, `totalDuration`, all in `timings`.
    package static let measureWords: Set<String> = [
        "ms", "us", "ns", "millis", "milliseconds", "microseconds", "nanoseconds", "secs", "seconds", "time", "timing",
        "timings", "duration", "elapsed", "latency",
    ]

    /// Further names or fields that are not compared: a member's name, wherever it stands, or with a dot before it a field:
    /// `.choices[].logprobs`.
    package var ignored: [String]
    /// Names or fields that are compared in spite of `ignoredNames` and `measureWords`.
    package var compared: [String]
    /// How alike texts are that agree, from 0 to 1.
    package var leastSimilarity: Double
    /// By what share of the greater one numbers differ that agree; 0 = only those of one value do.
    package var tolerance: Double

    package init(
        ignored: [String] = [],
        compared: [String] = [],
        leastSimilarity: Double = 1,
        tolerance: Double = 0
    ) {
        self.ignored = ignored
        self.compared = compared
        self.leastSimilarity = leastSimilarity
        self.tolerance = tolerance
    }

    package func compare(_ one: ComparedAnswer, _ other: ComparedAnswer) -> AnswerComparison {
        var comparison = AnswerComparison(one, other)
        if one.status != other.status {
            comparison.note(.init(field: Self.status, one: Self.word(one.status), other: Self.word(other.status)))
        }
        guard let left = one.body, let right = other.body else { return comparison }
        (comparison.isOneCut, comparison.isOtherCut) = (left.isCut, right.isCut)
        if left.bytes == right.bytes {
            comparison.method = .exact
            // Measures that are the same count too.
            if left.form == .json, let tree = JSONTree.read(left.bytes, mayBeCut: left.isCut) {
                compare(tree, tree, &comparison)
            }
        } else if left.form == .json, right.form == .json,
            let tree = JSONTree.read(left.bytes, mayBeCut: left.isCut),
            let otherTree = JSONTree.read(right.bytes, mayBeCut: right.isCut)
        {
            comparison.method = .fields
            compare(tree, otherTree, &comparison)
        } else if left.form == .events, right.form == .events {
            compareStreams(left, right, &comparison)
        } else if left.form == .binary || right.form == .binary {
            comparison.method = .bytes
            comparison.similarity = 0
            comparison.note(.init(field: Self.body, one: "\(one.length) bytes", other: "\(other.length) bytes"))
        } else {
            comparison.method = .text
            comparison.similarity = compareTexts(left.bytes, right.bytes, &comparison)
        }
        return comparison
    }

    /// The names of what is no member of a body.
    package static let status = "status"
    package static let text = "text"
    package static let body = "body"

    private static func word(_ status: Int) -> String { status == 0 ? "no answer" : String(status) }

    func compare(_ one: JSONTree, _ other: JSONTree, _ comparison: inout AnswerComparison) {
        var walk = FieldWalk(rule: self, comparison: comparison)
        walk.visit(one, other, at: FieldWalk.Place())
        comparison = walk.comparison
        comparison.similarity = walk.similarity
    }

    /// Of a text as much as there is of the other one, where that is cut.
    ///
    /// - Returns: how alike they are.
    func compareTexts(
        _ one: [UInt8]?,
        _ other: [UInt8]?,
        as field: String = Self.text,
        _ comparison: inout AnswerComparison
    ) -> Double {
        let left = one?.prefix(comparison.isOtherCut ? other?.count ?? 0 : .max)
        let right = other?.prefix(comparison.isOneCut ? one?.count ?? 0 : .max)
        let similarity = TextSimilarity.of(left ?? [], right ?? [])
        guard !isAlike(left ?? [], right ?? [], similarity) else { return similarity }
        func text(_ bytes: ArraySlice<UInt8>?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
        comparison.note(.init(field: field, one: text(left), other: text(right)))
        return similarity
    }

    /// Texts of the same words may differ in their spaces.
    func isAlike(_ one: some Collection<UInt8>, _ other: some Collection<UInt8>, _ similarity: Double) -> Bool {
        leastSimilarity >= 1 ? one.elementsEqual(other) : similarity >= leastSimilarity
    }
}

/// The way through two JSON texts at once.
private struct FieldWalk {
    /// Where in both; `.choices[].message.content`.
    struct Place {
        var field = ""
        var name = ""
        /// Whether it, or what it is in, is called as a time is.
        var isMeasure = false
    }

    /// What of a member's name a field shows.
    private static let longestName = 64
    /// Bytes after which no further name is added.
    private static let longestField = 512

    let rule: AnswerComparer
    var comparison: AnswerComparison
    private var fields = 0
    private var alike = 0.0

    init(rule: AnswerComparer, comparison: AnswerComparison) {
        self.rule = rule
        self.comparison = comparison
    }

    /// The mean over all fields: 1 for what agrees, for texts how alike they are.
    var similarity: Double { fields == 0 ? 1 : alike / Double(fields) }

    mutating func visit(_ one: JSONTree?, _ other: JSONTree?, at place: Place) {
        switch (one, other) {
        case (.object(let left)?, .object(let right)?):
            let (ones, others) = (Self.values(left), Self.values(right))
            for name in Self.names(left, right) {
                let next = self.place(of: name, in: place)
                if !isIgnored(next) { visit(ones[name], others[name], at: next) }
            }
        case (.list(let left)?, .list(let right)?):
            var next = place
            next.field += "[]"
            for index in 0..<max(left.count, right.count) {
                visit(
                    index < left.count ? left[index] : nil,
                    index < right.count ? right[index] : nil,
                    at: next
                )
            }
        case (.number(let left)?, .number(let right)?): numbers(left, right, place)
        case (.text(let left)?, .text(let right)?): texts(left, right, place)
        // What is cut off is no difference.
        case (nil, _?) where comparison.isOneCut, (_?, nil) where comparison.isOtherCut: break
        default: score(one == other ? 1 : 0, one, other, place)
        }
    }

    private mutating func numbers(_ left: String, _ right: String, _ place: Place) {
        let (one, other) = (Double(left) ?? .nan, Double(right) ?? .nan)
        let areFinite = one.isFinite && other.isFinite
        if place.isMeasure, areFinite {
            return comparison.note(.init(field: place.field, one: one, other: other))
        }
        let isNear = rule.tolerance > 0 && areFinite && abs(one - other) <= rule.tolerance * max(abs(one), abs(other))
        score(isNear || Self.areEqual(left, right) ? 1 : 0, .number(left), .number(right), place)
    }

    private static func areEqual(_ left: String, _ right: String) -> Bool {
        if left == right { return true }
        if let one = ExactNumber(left), one == ExactNumber(right) { return true }
        // What is no whole number is a double where it comes from, and not all servers write it with as many digits.
        guard isFraction(left), isFraction(right), let one = Double(left) else { return false }
        return one.isFinite && one == Double(right)
    }

    /// Whether it is written as a number with a point or a power of ten.
    private static func isFraction(_ number: String) -> Bool { number.utf8.contains { ".eE".utf8.contains($0) } }

    private mutating func texts(_ left: String, _ right: String, _ place: Place) {
        let similarity = left == right ? 1 : TextSimilarity.of(Array(left.utf8), Array(right.utf8))
        fields += 1
        alike += similarity
        guard !rule.isAlike(left.utf8, right.utf8, similarity) else { return }
        comparison.note(.init(field: place.field, one: left, other: right))
    }

    private mutating func score(_ score: Double, _ one: JSONTree?, _ other: JSONTree?, _ place: Place) {
        fields += 1
        alike += score
        guard score < 1 else { return }
        let field = place.field.isEmpty ? AnswerComparer.body : place.field
        comparison.note(.init(field: field, one: one?.shown, other: other?.shown))
    }

    /// Of several members with one name the last.
    private static func values(_ members: [JSONTree.Member]) -> [String: JSONTree] {
        Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }

    /// Of both objects, each once, in the order of the first.
    private static func names(_ one: [JSONTree.Member], _ other: [JSONTree.Member]) -> [String] {
        var seen: Set<String> = []
        return (one + other).map(\.name).filter { seen.insert($0).inserted }
    }

    private func place(of name: String, in place: Place) -> Place {
        let isMeasure = place.isMeasure || !AnswerComparer.measureWords.isDisjoint(with: Self.words(name))
        // By scalars: one character may be as long as the whole answer.
        let short = String(String.UnicodeScalarView(name.unicodeScalars.prefix(Self.longestName)))
        let field = place.field.utf8.count < Self.longestField ? "\(place.field).\(short)" : place.field
        var next = Place(field: field, name: name)
        next.isMeasure = isMeasure && !rule.compared.contains { next.isNamed($0) }
        return next
    }

    private func isIgnored(_ place: Place) -> Bool {
        if rule.ignored.contains(where: { place.isNamed($0) }) { return true }
        return AnswerComparer.ignoredNames.contains(place.name) && !rule.compared.contains { place.isNamed($0) }
    }

    /// `totalDuration_ms` as `total`, `duration`, `ms`.
    private static func words(_ name: String) -> Set<String> {
        var words: Set<String> = []
        var word = ""
        for character in name {
            if !character.isLetter || (character.isUppercase && word.last?.isLowercase == true) {
                words.insert(word)
                word = ""
            }
            if character.isLetter { word += character.lowercased() }
        }
        return words.union([word])
    }
}

extension FieldWalk.Place {
    /// By its field where the word begins with a dot, else by its name.
    fileprivate func isNamed(_ word: String) -> Bool { word.hasPrefix(".") ? field == word : name == word }
}
