/// Follows the framing of an HTTP/1 byte stream just far enough to hold it to our rules, whatever its reads look like.
///
/// The rule: whatever this accepts, the decoder behind it frames in the same way; where the two could differ, this is
/// the stricter. Why: a byte that two parsers read differently is how one request becomes two. What breaks: loosen a
/// state here and `Tests/GatewayProxyTests/Rules` shows which reading of the decoder comes through.
struct HTTP1Guard {
    /// The numbers of SECURITY H1-4 and H1-10.
    enum Bounds {
        static let emptyLines = 4
        static let method = 24
        static let requestLine = 16 * 1024
        static let head = 64 * 1024
        static let fields = 200
        static let chunkExtensions = 16 * 1024
        static let trailers = 8 * 1024
        static let trailerFields = 32
    }

    /// What may be handed on of the bytes just read.
    enum Reading: Equatable {
        case all
        /// Only the first bytes; nothing behind them will ever be read.
        case prefix(Int)
        /// The first bytes are sound, then a rule was broken; nothing behind will ever be read.
        case violation(GuardViolation, after: Int)
    }

    /// What the next byte belongs to.
    enum Phase {
        case start
        case startFeed
        case method
        case target
        case version
        case requestLineFeed
        case lineStart
        case name
        case value
        case valueFeed
        case headFeed
        case body
        case chunkSize
        case chunkExtension
        case chunkSizeFeed
        case chunkData
        case chunkDataEnd
        case chunkDataFeed
        case trailerStart
        case trailerName
        case trailerValue
        case trailerFeed
        case lastFeed
        case silent
    }

    var phase = Phase.start
    /// Bytes of the request line, head or trailers that earlier reads held.
    var carried = 0
    var token = FieldToken()
    var fields = 0
    var emptyLines = 0
    var framing = FramingFields()
    var isHTTP10 = false
    var isLast = false
    /// Bytes of body or chunk still to come; while a chunk size is read, the size so far.
    var remaining = 0
    var chunkExtensions = 0
    /// Where in the last read a tab stood in a framing field.
    ///
    /// It is white space there, as a space is, but the decoder takes only spaces behind a Content-Length:
    /// `BytesGuard` writes one in its place.
    var tabs: [Int] = []
    /// The eight bytes of the version, first byte highest.
    var version: UInt64 = 0

    /// Whether the last request is over and the next one has not begun.
    var isBetweenRequests: Bool { phase == .start || phase == .startFeed }

    /// Reads the next bytes of the connection.
    mutating func read(_ bytes: Span<UInt8>) -> Reading {
        var cursor = Cursor()
        if !tabs.isEmpty { tabs = [] }
        do throws(GuardViolation) {
            while cursor.index < bytes.count {
                guard phase != .silent else { return .prefix(cursor.index) }
                try step(bytes, &cursor)
            }
            try settle(cursor)
            return .all
        } catch {
            phase = .silent
            return .violation(error, after: cursor.sound)
        }
    }

    /// The position in one read.
    struct Cursor {
        var index = 0
        /// Everything before it may be handed on whatever follows.
        var sound = 0
        /// Where the counted part (request line, head or trailers) starts in this read.
        var counted = 0
    }

    private mutating func step(_ bytes: Span<UInt8>, _ cursor: inout Cursor) throws(GuardViolation) {
        switch phase {
        case .start, .startFeed: try readStart(bytes[cursor.index], &cursor)
        case .method, .target, .version, .requestLineFeed: try readRequestLine(bytes, &cursor)
        case .lineStart, .name, .value, .valueFeed, .headFeed: try readHeader(bytes, &cursor)
        case .body, .chunkData: skipData(bytes.count, &cursor)
        case .chunkSize, .chunkExtension, .chunkSizeFeed: try readChunkLine(bytes[cursor.index], &cursor)
        case .chunkDataEnd, .chunkDataFeed: try readChunkEnd(bytes[cursor.index], &cursor)
        case .trailerStart, .trailerName, .trailerValue, .trailerFeed, .lastFeed: try readTrailer(bytes, &cursor)
        case .silent: break
        }
    }

    /// Counts what this read held of an unfinished line or head, so that one without an end is refused in time.
    private mutating func settle(_ cursor: Cursor) throws(GuardViolation) {
        carried += cursor.index - cursor.counted
        switch phase {
        case .method, .target, .version, .requestLineFeed:
            guard carried <= Bounds.requestLine else { throw .requestLineTooLong }
        case .lineStart, .name, .value, .valueFeed, .headFeed:
            guard carried <= Bounds.head else { throw .headTooLarge }
        case .trailerStart, .trailerName, .trailerValue, .trailerFeed, .lastFeed:
            guard carried <= Bounds.trailers else { throw .trailersTooLarge }
        default: break
        }
    }

    /// Bytes of the counted part up to the cursor.
    func count(_ cursor: Cursor) -> Int { carried + cursor.index - cursor.counted }

    /// The request is over: what follows is the next one, or nothing may follow.
    mutating func finishMessage(_ cursor: inout Cursor) {
        cursor.sound = cursor.index
        phase = isLast ? .silent : .start
        emptyLines = 0
    }
}
