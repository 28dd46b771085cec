import GatewayCore

/// Kinds of text that are taken out wherever they stand, each with what stands in their place.
struct TextPatterns: Sendable {
    struct Entry: Sendable {
        let name: String
        let expression: BoundedExpression
        /// What the expression finds nothing in where it says no.
        var mayMatch: @Sendable (borrowing Span<UInt8>) -> Bool = { _ in true }
        /// What of a match is to go, in order and apart.
        var parts: @Sendable (ArraySlice<UInt8>) -> [Range<Int>] = { [$0.indices] }
    }

    /// JSON in JSON, which is looked through as it is meant.
    private static let deepest = 8

    private let entries: [Entry]

    /// - Parameter rule: whose expressions `problem(of:)` has nothing against.
    init(_ rule: RedactionRule) {
        entries =
            [Self.credential] + rule.patterns.map(Self.entry)
            + rule.expressions.compactMap { own in
                (try? BoundedExpression(own.pattern)).map { Entry(name: own.name, expression: $0) }
            }
    }

    /// What is wrong with an expression of the user's, as the end of a sentence; `nil` when nothing is.
    static func problem(of pattern: String) -> String? {
        do throws(BoundedExpression.Failure) {
            _ = try BoundedExpression(pattern)
            return nil
        } catch {
            return "is no expression of PCRE's: " + (error.offset.map { "\(error.reason), at \($0)" } ?? error.reason)
        }
    }

    /// Whether an expression finds nothing, or may: empty matches are none.
    static func mayBeEmpty(_ pattern: String) -> Bool { (try? BoundedExpression(pattern))?.mayBeEmpty ?? false }

    /// The text without what is found; a search that takes too long leaves nothing of it.
    func redact(_ message: inout CapturedMessage) {
        for entry in entries {
            guard let ranges = find(entry, in: message.body, nil, &message) else { return }
            message.apply(message.spelled(ranges.map { CapturedMessage.Edit(range: $0, text: "[\(entry.name)]") }))
        }
    }

    /// The same for what stands in several events of a stream: its name in the first, and nothing in the others.
    func redactStream(_ message: inout CapturedMessage) {
        redact(&message, as: StreamedText(message.body, EventReader(message).events))
    }

    /// The same for what escapes hide.
    func redactEscaped(_ message: inout CapturedMessage) {
        redact(&message, as: StreamedText(decoding: message.body))
    }

    private func redact(_ message: inout CapturedMessage, as text: StreamedText) {
        var found: [(range: Range<Int>, name: String)] = []
        if let pieces = text.pieces {
            // Where one goes on behind what is found in two of them, it would lose its beginning, and not be known any more.
            for entry in entries {
                guard let ranges = find(entry, in: text.bytes, pieces, &message) else { return }
                found += ranges.map { ($0, entry.name) }
            }
        }
        var next: TextLayer? = TextLayer(text)
        for _ in 0..<Self.deepest {
            guard let layer = next else { break }
            for entry in entries {
                guard let ranges = find(entry, in: layer.bytes, layer.parts, &message) else { return }
                found += ranges.map { (layer.place(of: $0), entry.name) }
            }
            next = layer.decoded()
        }
        message.apply(message.spelled(text.edits(Self.apart(found))))
    }

    /// What overlaps made one.
    private static func apart(_ found: [(range: Range<Int>, name: String)]) -> [(range: Range<Int>, name: String)] {
        found.sorted { $0.range.lowerBound < $1.range.lowerBound }.reduce(into: []) { apart, match in
            guard let last = apart.last, match.range.lowerBound < last.range.upperBound else {
                return apart.append(match)
            }
            let end = max(last.range.upperBound, match.range.upperBound)
            apart[apart.count - 1].range = last.range.lowerBound..<end
        }
    }

    /// - Returns: `nil` when the search takes too long, and then nothing is left of the message's body.
    private func find(
        _ entry: Entry,
        in text: [UInt8],
        _ parts: [Range<Int>]?,
        _ message: inout CapturedMessage
    ) -> [Range<Int>]? {
        guard entry.mayMatch(text.span) else { return [] }
        do throws(BoundedExpression.Failure) {
            return try entry.expression.ranges(in: text, parts: parts).flatMap { entry.parts(text[$0]) }
        } catch {
            message.replaceBody(with: "[removed: looking for \(entry.name) took too long]")
            return nil
        }
    }

    func redact(_ text: String) -> String {
        guard entries.contains(where: { $0.mayMatch(text.utf8.span) }) else { return text }
        var message = CapturedMessage(body: Array(text.utf8))
        redact(&message)
        return String(decoding: message.body, as: UTF8.self)
    }

    /// A path, or what else may be percent-encoded: decoded where only that shows what is to be taken out.
    func redact(encoded text: String) -> String {
        let redacted = redact(text)
        guard redacted == text, text.utf8.contains(UInt8(ascii: "%")) else { return redacted }
        let plain = text.percentDecoded()
        let decoded = redact(plain)
        return decoded == plain ? text : decoded
    }

    // MARK: - The kinds

    static func made(_ pattern: String) -> BoundedExpression {
        do throws(BoundedExpression.Failure) {
            return try BoundedExpression(pattern)
        } catch {
            preconditionFailure("a pattern of our own is one: \(error)")
        }
    }

    private static let credential = Entry(
        name: "credential",
        expression: credentialExpression,
        mayMatch: CredentialPrefilter.mayMatch
    )

    /// Keys and tokens that are known by their form, and what stands behind a name that says so.
    ///
    /// Most begin with a word: that is asked first, for then most bytes are passed over at once. In URLs it is the names of
    /// a query's pairs that say so; what separates them may be percent-encoded, or escaped once more than the text is. A
    /// private key of which no end is near goes with all that is behind it. Small letters alone are a word behind `basic`:
    /// what is encoded in base 64 has others too.
    static let credentialExpression = made(
        #"""
        (?x)
        \b(?:
            gh[a-z]{1,2}_[A-Za-z0-9_-]{20,}
            | sk-[A-Za-z0-9_-]{16,} | AKIA[0-9A-Z]{16}\b | AIza[A-Za-z0-9_-]{30,} | glpat-[A-Za-z0-9_-]{16,}
            | (?:hf|npm)_[A-Za-z0-9]{20,} | xox[a-z]-[A-Za-z0-9-]{14,}
            | eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*
            | (?:(?i:bearer)|(?i:basic)(?=\s+[a-z._~-]*+[A-Z0-9+/=]))\s+\K(?=[A-Za-z0-9._~+/-]{16,})[A-Za-z0-9._~+/-]+=*
            | (?i:authorization)["']?\s{0,4}[=:]\s{0,4}["']?(?i:bearer|basic|token)\s+\K[^\s"'<>,;\\]++
        )
        | <(?:[A-Za-z0-9_.-]{1,64}:)?[A-Za-z0-9_.-]{0,64}(?i:\#(anyCase(CredentialNames.text)))>\K[^<>"\\\r\n]{1,4096}+(?=</)
        | (?i:\#(anyCase(CredentialNames.text)))
          (?:\\{0,31}["'])?\s{0,4}(?:[=:]|%3[Dd]|\\{1,4}u003[Dd])\s{0,4}
          (?: (\\{0,31}["'])\K(?![\[{]|\\{0,31}["'])(?:(?!\1)[^\r\n]){1,512}+(?=\1)
            | (?:\\{0,31}["'])?\K(?![\["'\\{])[^\s"'&,;}\\]{4,}+ )
        | -----BEGIN[ ][A-Z ]{0,24}PRIVATE[ ]KEY-----(?:[\s\S]{0,16384}?-----END[ ][A-Z ]{0,24}PRIVATE[ ]KEY-----|(?:[A-Za-z0-9+/=\s:,.-]|\\[nr])*+)
        | ://[^/\s:@"]++:\K[^/\s@"]++(?=@)
        | (?i: (?:[?&#;]|%(?:3f|26|23)|\\u00(?:3f|26|23)) (?:\#(parameters)) (?:=|%3d|\\{1,4}u003d) ) \K[^\s"'<>&#\\]++
        """#
    )

    /// The names of a query's pairs, any of them.
    private static var parameters: String { anyCase(CredentialNames.query.sorted()) }

    /// Any of these names, of ASCII's letters only: Unicode has other forms of K, and of S.
    private static func anyCase(_ names: [String]) -> String {
        names.map { $0.replacing("k", with: "(?-i:[kK])").replacing("s", with: "(?-i:[sS])") }.joined(separator: "|")
    }

    private static func entry(_ pattern: RedactionRule.Pattern) -> Entry {
        switch pattern {
        case .email: email
        case .card: card
        case .phone: phone
        }
    }
}
