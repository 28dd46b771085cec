import GatewayAPI
import GatewayCore
import GatewayStore

extension CapturedMessage {
    /// The events, or lines, of a stream: each came when the piece came that it begins in.
    var events: [CapturedMessageResource.Event] {
        var piece = 0
        return blocks.map { lines in
            let start = lines.first?.lowerBound ?? 0
            while piece + 1 < pieces.count, pieces[piece + 1].offset <= start { piece += 1 }
            let microseconds = pieces.isEmpty ? 0 : pieces[piece].microseconds
            // Decoded line by line and last: bytes that are no UTF-8 get longer by it.
            let text = lines.map { String(decoding: body[$0], as: UTF8.self) }.joined(separator: "\n")
            return CapturedMessageResource.Event(ms: Double(microseconds) / 1000, text: text)
        }
    }

    /// The lines of each event, which an empty line ends; of NDJSON each line alone.
    private var blocks: [[Range<Int>]] {
        let hasEvents = contentType == "text/event-stream"
        var blocks: [[Range<Int>]] = []
        var open: [Range<Int>] = []
        for line in lines(endAtReturns: hasEvents) {
            if !line.isEmpty { open.append(line) }
            guard line.isEmpty || !hasEvents, !open.isEmpty else { continue }
            blocks.append(open)
            open = []
        }
        return open.isEmpty ? blocks : blocks + [open]
    }

    /// Lines without their ends: LF or CRLF, of events also CR alone.
    private func lines(endAtReturns: Bool) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var start = 0
        for (at, byte) in body.enumerated() {
            if byte == 0x0a {
                let follows = at > 0 && body[at - 1] == 0x0d
                // The CR before it has ended the line.
                if !(follows && endAtReturns) { lines.append(start..<(follows ? at - 1 : at)) }
                start = at + 1
            } else if byte == 0x0d, endAtReturns {
                lines.append(start..<at)
                start = at + 1
            }
        }
        return lines + [start..<body.count]
    }
}
