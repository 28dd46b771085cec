/// Reads the header lines that libcurl hands over one by one: interim heads, the final head, then trailers.
struct ResponseHeadParser {
    /// What a line completed.
    enum Event {
        case head(CurlHead)
    }

    /// Why a response head is refused.
    struct Problem: Error, Equatable {
        let reason: String
    }

    /// What a server may grow.
    enum Limit {
        static let bytes = 64 * 1024
        static let headers = 200
        static let interimHeads = 100
    }

    private var head: CurlHead?
    private var interimHeads = 0
    private var bytes = 0
    private(set) var isHeadComplete = false
    private(set) var trailers: [(String, String)] = []

    /// Takes one line with its line end.
    mutating func line(_ line: String) throws(Problem) -> Event? {
        bytes += line.utf8.count
        guard bytes <= Limit.bytes else { throw Problem(reason: "the response head is over \(Limit.bytes) bytes") }
        let text = Self.withoutLineEnd(line)
        if text.isEmpty { return try finishHead() }
        if isHeadComplete {
            try append(Self.field(text), to: &trailers)
        } else if head == nil {
            head = try Self.statusLine(text)
        } else {
            try appendToHead(Self.field(text))
        }
        return nil
    }

    private mutating func finishHead() throws(Problem) -> Event? {
        guard !isHeadComplete, let head else { return nil }
        guard head.status >= 200 else {
            interimHeads += 1
            guard head.status != 101 else { throw Problem(reason: "the server switched protocols unasked") }
            guard interimHeads <= Limit.interimHeads else { throw Problem(reason: "too many interim responses") }
            self.head = nil
            bytes = 0
            return nil
        }
        isHeadComplete = true
        self.head = nil
        bytes = 0
        return .head(head)
    }

    private mutating func appendToHead(_ field: (String, String)) throws(Problem) {
        guard var head = self.head.take() else { return }
        try append(field, to: &head.headers)
        self.head = head
    }

    private func append(_ field: (String, String), to fields: inout [(String, String)]) throws(Problem) {
        guard fields.count < Limit.headers else { throw Problem(reason: "over \(Limit.headers) response headers") }
        fields.append(field)
    }

    private static func withoutLineEnd(_ line: String) -> Substring.UTF8View {
        var text = line.utf8[...]
        if text.last == UInt8(ascii: "\n") { text.removeLast() }
        if text.last == UInt8(ascii: "\r") { text.removeLast() }
        return text
    }

    private static func statusLine(_ text: Substring.UTF8View) throws(Problem) -> CurlHead {
        let parts = Substring(text).split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/"), parts[1].utf8.count == 3,
            parts[1].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let status = Int(parts[1]), status >= 100
        else { throw Problem(reason: "the status line is malformed") }
        return CurlHead(status: status, version: String(parts[0].dropFirst(5)), headers: [])
    }

    private static func field(_ text: Substring.UTF8View) throws(Problem) -> (String, String) {
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else {
            throw Problem(reason: "a response header has no colon")
        }
        let name = Substring(text[..<colon])
        let value = Substring(text[text.index(after: colon)...]).trimmingBlanks
        guard name.isFieldName, value.isFieldValue else { throw Problem(reason: "a response header is malformed") }
        return (String(name), value)
    }
}
