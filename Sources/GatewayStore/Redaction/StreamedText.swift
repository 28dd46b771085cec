import GatewayCore

/// The texts that a stream brings piece by piece, one in each of its events, and where in the body they stand.
///
/// What a model says in pieces can only be looked through once they are put together: a word is seldom one piece.
struct StreamedText {
    /// The texts one behind the other, escapes decoded.
    private(set) var bytes: [UInt8] = []
    /// Where each text is in `bytes`.
    private(set) var texts: [Range<Int>] = []
    /// For each byte the bytes of the body that it stands for: an escape has several.
    private var origins: [Range<Int>] = []
    /// Where each piece begins in `bytes`.
    private var starts: [Int] = []

    /// Members whose texts name an event, and are no piece of one.
    private static let labels: Set<String> = [
        "created", "event", "finish_reason", "id", "model", "object", "role", "stop_reason", "system_fingerprint",
        "type",
    ]
    /// Members that say which of several texts an event belongs to.
    private static let keys: Set<String> = ["index", "output_index", "content_index", "type"]
    private static let deepest = 16
    /// Bytes of a member's name that tell it from others.
    private static let longestName = 64

    /// - Parameter events: strings that stand at the same place of each, and texts that are no JSON, are the pieces of one.
    init(_ body: [UInt8], _ events: [StreamedEvent]) {
        let pieces = Self.pieces(of: events, in: body).pieces
        // In order, so that the same body gives the same text. An empty piece is the end of a line.
        for ranges in pieces.values.filter({ !$0.isEmpty }).sorted(by: { $0[0].lowerBound < $1[0].lowerBound }) {
            let start = bytes.count
            for range in ranges {
                // A text begins with a piece of its own: what stands in two is taken out of each.
                if !range.isEmpty || bytes.count == start { starts.append(bytes.count) }
                guard !range.isEmpty else {
                    bytes.append(0x0a)
                    origins.append(range)
                    continue
                }
                JSONScan.append(body.span, range, to: &bytes, origins: &origins)
            }
            texts.append(start..<bytes.count)
        }
    }

    /// Each piece by itself; `nil` when there is only one.
    var pieces: [Range<Int>]? {
        guard starts.count > 1 else { return nil }
        return zip(starts, starts.dropFirst() + [bytes.count]).map { $0..<$1 }
    }

    /// A body as one text, whatever it is.
    init(decoding body: [UInt8]) {
        bytes.reserveCapacity(body.count)
        origins.reserveCapacity(body.count)
        starts = [0]
        JSONScan.append(body.span, 0..<body.count, to: &bytes, origins: &origins)
        texts = [0..<bytes.count]
    }

    /// Whether it has escapes that may hide something.
    ///
    /// They are those of a letter, and of a `/` within a credential; one that is escaped itself may be of JSON in JSON.
    static func hasEscapes(_ body: [UInt8]) -> Bool {
        guard let first = body.span.firstIndex(from: 0, marks: { $0.marks(UInt8(ascii: "\\")) }) else { return false }
        var isEscape = false
        for byte in body[first...] {
            if isEscape, (0x61...0x7a).contains(byte) || byte == UInt8(ascii: "/") { return true }
            isEscape = byte == UInt8(ascii: "\\")
        }
        return false
    }

    /// What is to be done to the body where these ranges of the text go, which are in order and apart: its name stands in the
    /// first piece of each.
    func edits(_ found: [(range: Range<Int>, name: String)]) -> [CapturedMessage.Edit] {
        var edits: [CapturedMessage.Edit] = []
        var first = 0
        for match in found {
            while first + 1 < starts.count, starts[first + 1] <= match.range.lowerBound { first += 1 }
            var text = "[\(match.name)]"
            for piece in first..<starts.count {
                guard starts[piece] < match.range.upperBound else { break }
                let end = piece + 1 < starts.count ? starts[piece + 1] : bytes.count
                let part = match.range.clamped(to: starts[piece]..<end)
                guard !part.isEmpty else { continue }
                let range = origins[part.lowerBound].lowerBound..<origins[part.upperBound - 1].upperBound
                edits.append(CapturedMessage.Edit(range: range, text: text))
                text = ""
            }
        }
        return edits.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }

    static func pieces(of events: [StreamedEvent], in body: [UInt8]) -> TextPieces {
        var pieces = TextPieces()
        for event in events { find(in: event, of: body, &pieces) }
        return pieces
    }

    /// Finds what an event brings.
    private static func find(in event: StreamedEvent, of body: [UInt8], _ pieces: inout TextPieces) {
        // Of what has members, they tell which text it belongs to.
        let isNamed = !event.name.isEmpty && !(event.hasMembers(body) && event.isJSON)
        let name = TextPieces.Step.event(isNamed ? String(decoding: body[event.name], as: UTF8.self) : "")
        let place = pieces.place(name, from: TextPieces.root)
        guard event.isJSON else {
            let lines = event.lines.flatMap { line in
                let end = line.upperBound..<line.upperBound
                return line.isEmpty ? [end] : [line, end]
            }
            for line in lines.dropLast() { pieces.add(line, at: place) }
            return
        }
        guard event.lines.count > 1 else {
            // What is no whole JSON text does not reach into the next line.
            let line = event.lines[0]
            return find(in: body.span.extracting(0..<line.upperBound), line, at: place, &pieces, depth: 0)
        }
        let joined = JoinedLines(event.lines, of: body)
        pieces.joined = joined
        find(in: joined.bytes.span, 0..<joined.bytes.count, at: place, &pieces, depth: 0)
        pieces.joined = nil
    }

    /// Finds the strings of a value.
    private static func find(
        in body: borrowing Span<UInt8>,
        _ value: Range<Int>,
        at place: Int,
        _ pieces: inout TextPieces,
        depth: Int
    ) {
        guard depth < deepest, !value.isEmpty else { return }
        switch body[value.lowerBound] {
        case UInt8(ascii: "\""):
            if value.count > 2 { pieces.add(value.lowerBound + 1..<value.upperBound - 1, at: place) }
        case UInt8(ascii: "{"):
            var members: [(name: String, value: Range<Int>)] = []
            _ = JSONScan.members(of: body, from: value.lowerBound) { member in
                members.append((JSONScan.string(body, member.name.prefix(longestName)), member.value))
            }
            var own = place
            for (name, value) in members where keys.contains(name) {
                own = pieces.place(.key(JSONScan.string(body, value.prefix(longestName))), from: own)
            }
            for (name, value) in members where !isLabel(name, body[value.lowerBound]) {
                find(in: body, value, at: pieces.place(.member(name), from: own), &pieces, depth: depth + 1)
            }
        case UInt8(ascii: "["):
            var elements: [Range<Int>] = []
            JSONScan.elements(of: body, from: value.lowerBound) { elements.append($0) }
            let own = pieces.place(.element, from: place)
            for element in elements { find(in: body, element, at: own, &pieces, depth: depth + 1) }
        default: break
        }
    }

    /// - Parameter first: of its value.
    private static func isLabel(_ name: String, _ first: UInt8) -> Bool {
        first == UInt8(ascii: "\"") && (labels.contains(name) || name.hasSuffix("_id"))
    }
}

/// A streamed text, or what it says once its own escapes are decoded too: JSON in JSON has more of them.
struct TextLayer {
    private(set) var bytes: [UInt8]
    /// As in the text: each is looked through by itself.
    private(set) var parts: [Range<Int>]
    /// For each byte the bytes of the text that it stands for; `nil` = itself.
    private var places: [Range<Int>]?

    init(_ text: StreamedText) {
        bytes = text.bytes
        parts = text.texts
    }

    /// Where in the text a range of these bytes is, which is not empty.
    func place(of range: Range<Int>) -> Range<Int> {
        guard let places else { return range }
        return places[range.lowerBound].lowerBound..<places[range.upperBound - 1].upperBound
    }

    /// The one below; `nil` when there are no more escapes.
    func decoded() -> TextLayer? {
        guard StreamedText.hasEscapes(bytes) else { return nil }
        var layer = self
        var origins: [Range<Int>] = []
        layer.bytes = []
        layer.parts = parts.map { part in
            let start = layer.bytes.count
            JSONScan.append(bytes.span, part, to: &layer.bytes, origins: &origins)
            return start..<layer.bytes.count
        }
        layer.places = origins.map(place)
        return layer
    }
}
