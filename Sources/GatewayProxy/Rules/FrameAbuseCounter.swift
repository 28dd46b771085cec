/// Why a connection is ended for what its frames cost.
enum FrameViolation: Error, Equatable, CaseIterable {
    case controlFrames
    case resets
    case headerBlockBytes
    case headerBlockFrames

    /// The rule as a sentence for the log.
    var reason: String {
        switch self {
        case .controlFrames: "More than 1,000 control frames without work between them."
        case .resets: "500 streams were reset before they were answered."
        case .headerBlockBytes: "A header block is larger than 64 KiB."
        case .headerBlockFrames: "A header block came in more than 32 CONTINUATION frames."
        }
    }
}

/// The kinds of HTTP/2 frames by their wire numbers (RFC 9113 6).
enum FrameKind: UInt8 {
    case data = 0
    case headers
    case priority
    case resetStream
    case settings
    case pushPromise
    case ping
    case goAway
    case windowUpdate
    case continuation
}

/// The first nine bytes of an HTTP/2 frame.
struct FrameHeader: Equatable {
    let length: Int
    let kind: UInt8
    let flags: UInt8
    let stream: UInt32

    /// END_STREAM of DATA and HEADERS.
    var endsStream: Bool { flags & 0x1 != 0 }
    /// END_HEADERS of HEADERS and CONTINUATION.
    var endsHeaders: Bool { flags & 0x4 != 0 }
}

/// One account per HTTP/2 connection: frames that cost us and do nothing are debts, answers and bytes moved pay them
/// back (H2-2, H2-3, H2-4).
///
/// Time pays back too, one frame a second: a client that only sends a keep-alive PING now and then never runs up.
struct FrameAbuseCounter {
    /// The numbers of SECURITY H2-2, H2-3 and H2-4.
    enum Bounds {
        static let debt = 1_000
        /// How much work done in advance counts: a client may acknowledge a window full of small frames at once.
        static let credit = 4_000
        static let resets = 500
        static let headerBlock = 64 * 1024
        static let continuations = 32
        /// An answered request pays for the frames that usually come with it.
        static let answer = 8
        /// Both windows may be opened for every DATA frame, and again for every half KiB of it.
        static let sentData = 2
        static let bytesPerFrame = 512
        static let receivedBytesPerFrame = 1_024
        static let nanosecondsPerFrame: UInt64 = 1_000_000_000
    }

    private(set) var debt = 0
    private(set) var youngResets = 0
    private var headerBlock = 0
    private var continuations = 0
    private var paidUntil: UInt64?
    private var receivedBytes = 0
    private var sentBytes = 0

    /// Counts a frame from the client; `now` is monotonic.
    mutating func countReceived(_ frame: FrameHeader, now: UInt64) throws(FrameViolation) {
        switch FrameKind(rawValue: frame.kind) {
        case .data:
            guard frame.length == 0 else { return creditReceived(frame.length) }
            if !frame.endsStream { try charge(now) }
        case .headers:
            (headerBlock, continuations) = (0, 0)
            try addToHeaderBlock(frame.length)
        case .continuation:
            continuations += 1
            guard continuations <= Bounds.continuations else { throw .headerBlockFrames }
            try addToHeaderBlock(frame.length)
        case .resetStream:
            try charge(now)
            try countReset(now)
        case .priority, .settings, .pushPromise, .ping, .goAway, .windowUpdate, nil: try charge(now)
        }
    }

    /// Counts a frame sent to the client.
    mutating func countSent(_ frame: FrameHeader, now: UInt64) throws(FrameViolation) {
        switch FrameKind(rawValue: frame.kind) {
        case .data where frame.length > 0:
            sentBytes += frame.length
            credit(Bounds.sentData + sentBytes / Bounds.bytesPerFrame)
            sentBytes %= Bounds.bytesPerFrame
        case .headers:
            credit(Bounds.answer)
            youngResets = max(0, youngResets - 1)
        // A client can make us reset streams as cheaply as it resets them itself (CVE-2025-8671).
        case .resetStream: try countReset(now)
        default: break
        }
    }

    private mutating func countReset(_ now: UInt64) throws(FrameViolation) {
        settle(now)
        youngResets += 1
        guard youngResets < Bounds.resets else { throw .resets }
    }

    private mutating func charge(_ now: UInt64) throws(FrameViolation) {
        settle(now)
        debt += 1
        guard debt <= Bounds.debt else { throw .controlFrames }
    }

    private mutating func credit(_ frames: Int) { debt = max(-Bounds.credit, debt - frames) }

    private mutating func creditReceived(_ bytes: Int) {
        receivedBytes += bytes
        credit(receivedBytes / Bounds.receivedBytesPerFrame)
        receivedBytes %= Bounds.receivedBytesPerFrame
    }

    private mutating func addToHeaderBlock(_ bytes: Int) throws(FrameViolation) {
        headerBlock += bytes
        guard headerBlock <= Bounds.headerBlock else { throw .headerBlockBytes }
    }

    /// Takes off what the time since the last control frame has paid.
    private mutating func settle(_ now: UInt64) {
        guard let paidUntil, now > paidUntil else {
            paidUntil = paidUntil ?? now
            return
        }
        let seconds = (now - paidUntil) / Bounds.nanosecondsPerFrame
        guard seconds > 0 else { return }
        self.paidUntil = paidUntil + seconds * Bounds.nanosecondsPerFrame
        let paid = Int(clamping: seconds)
        if debt > 0 { debt = max(0, debt - paid) }
        youngResets = max(0, youngResets - paid)
    }
}
