import GatewayCore

/// What one event of a stream brings, or a line of NDJSON, and where in the body it stands.
struct StreamedEvent {
    /// Of the payload, without what stands before it; together they are one text, with a line feed between.
    let lines: [Range<Int>]
    /// Whether that is JSON; else it is a piece of a text.
    let isJSON: Bool
    /// What kind of event its stream says that it is; empty when it does not.
    var name = 0..<0

    /// Whether its members are to be looked at: a piece of a text may be cut off JSON.
    func hasMembers(_ body: [UInt8]) -> Bool {
        guard let first = lines.first, !first.isEmpty else { return false }
        return body[first.lowerBound] == UInt8(ascii: "{") || body[first.lowerBound] == UInt8(ascii: "[")
    }
}

/// The lines of an event as the one text that they are.
struct JoinedLines {
    private(set) var bytes: [UInt8] = []
    private let lines: [Range<Int>]
    /// Where each line begins in `bytes`.
    private var starts: [Int] = []

    init(_ lines: [Range<Int>], of body: [UInt8]) {
        self.lines = lines
        for line in lines {
            if !starts.isEmpty { bytes.append(0x0a) }
            starts.append(bytes.count)
            bytes += body[line]
        }
    }

    /// The parts of the body that a range of the text stands for.
    func places(of range: Range<Int>) -> [Range<Int>] {
        var places: [Range<Int>] = []
        var line = lastLine(startingBy: range.lowerBound)
        while line < lines.count, starts[line] < range.upperBound {
            let (start, end) = (starts[line], starts[line] + lines[line].count)
            let part = range.clamped(to: start..<end)
            let shift = lines[line].lowerBound - start
            if !part.isEmpty { places.append(part.lowerBound + shift..<part.upperBound + shift) }
            line += 1
        }
        return places
    }

    private func lastLine(startingBy place: Int) -> Int {
        var (low, high) = (0, starts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= place { low = middle } else { high = middle }
        }
        return low
    }
}

/// Takes a stream apart: server-sent events (WHATWG HTML 9.2), or lines of JSON.
struct EventReader {
    private static let data = Array("data:".utf8)
    private static let event = Array("event:".utf8)

    private(set) var events: [StreamedEvent] = []
    private let body: [UInt8]
    private let hasEvents: Bool
    /// Of the event that is not over.
    private var lines: [Range<Int>] = []
    private var name = 0..<0

    init(_ message: CapturedMessage) {
        body = message.body
        hasEvents = message.contentType == "text/event-stream"
        let hasEvents = hasEvents
        // A byte order mark is no part of the first line.
        var start = body.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
        while start < body.count {
            let end = body.span.firstIndex(from: start) { block in
                block.marks(0x0a) | (hasEvents ? block.marks(0x0d) : 0)
            }
            read(start..<(end ?? body.count))
            start = (end ?? body.count) + 1
            // Both end one line.
            if let end, body[end] == 0x0d, start < body.count, body[start] == 0x0a { start += 1 }
        }
        close(isCut: true)
    }

    private mutating func read(_ line: Range<Int>) {
        guard !line.isEmpty else { return close(isCut: false) }
        let isData = body[line].starts(with: Self.data)
        var payload = line.dropFirst(isData ? Self.data.count : 0)
        if hasEvents, isData {
            if payload.first.map({ body[$0] }) == 0x20 { payload = payload.dropFirst() }
            lines.append(payload)
        } else if hasEvents, body[line].starts(with: Self.event) {
            name = trimmed(line.dropFirst(Self.event.count))
        } else {
            payload = trimmed(payload)
            // Whatever its type says.
            if begins(payload, "{[") || !hasEvents && isWholeJSON(payload) {
                events.append(StreamedEvent(lines: [payload], isJSON: true))
            }
        }
    }

    /// - Parameter isCut: the body ends before the event does.
    private mutating func close(isCut: Bool) {
        defer { (lines, name) = ([], 0..<0) }
        guard let first = lines.first else { return }
        guard lines.count > 1 else { return add(first, isCut: isCut) }
        let joined = joinedJSON()
        // Some end an event with each line.
        let areApart = joined?.isWhole != true && lines.contains { isWholeJSON(trimmed($0)) }
        if areApart {
            for line in lines { add(line, isCut: isCut) }
        } else if let joined {
            events.append(StreamedEvent(lines: joined.lines, isJSON: joined.isWhole || isCut, name: name))
        } else {
            events.append(StreamedEvent(lines: lines, isJSON: false, name: name))
        }
    }

    /// The open event's lines from where a list or an object begins; `nil` when that is not in the first that has something.
    private func joinedJSON() -> (lines: [Range<Int>], isWhole: Bool)? {
        var json = Array(lines.drop { trimmed($0).isEmpty })
        guard let first = json.first.map(trimmed), begins(first, "{[") else { return nil }
        json[0] = first
        return (json, JSONScan.endOfValue(JoinedLines(json, of: body).bytes.span, 0) != nil)
    }

    private mutating func add(_ line: Range<Int>, isCut: Bool) {
        let value = trimmed(line)
        let isJSON = isWholeJSON(value) || isCut && begins(value, "{[")
        events.append(StreamedEvent(lines: [isJSON ? value : line], isJSON: isJSON, name: name))
    }

    /// As its first and its last character tell.
    private func isWholeJSON(_ value: Range<Int>) -> Bool {
        guard value.count > 1 else { return false }
        return switch (body[value.lowerBound], body[value.upperBound - 1]) {
        case (UInt8(ascii: "{"), UInt8(ascii: "}")), (UInt8(ascii: "["), UInt8(ascii: "]")): true
        case (UInt8(ascii: "\""), UInt8(ascii: "\"")):
            JSONScan.endOfString(body.span, value.lowerBound) == value.upperBound
        default: false
        }
    }

    private func begins(_ value: Range<Int>, _ characters: String) -> Bool {
        value.first.map { characters.utf8.contains(body[$0]) } ?? false
    }

    private func trimmed(_ line: Range<Int>) -> Range<Int> {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }
        var (start, end) = (line.lowerBound, line.upperBound)
        while start < end, isSpace(body[start]) { start += 1 }
        while start < end, isSpace(body[end - 1]) { end -= 1 }
        return start..<end
    }
}
