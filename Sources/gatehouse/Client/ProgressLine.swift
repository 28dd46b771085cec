import Foundation

/// How far something is, on standard error: one line that changes on a terminal, elsewhere a line every five seconds.
struct ProgressLine {
    private static let pause = Duration.seconds(5)

    private let isTerminal: Bool
    private var next: ContinuousClock.Instant

    /// - Parameter due: when the first line is, where there is no terminal.
    init(isTerminal: Bool = isatty(STDERR_FILENO) == 1, due: ContinuousClock.Instant = .now) {
        self.isTerminal = isTerminal
        next = due
    }

    /// The first line comes only when it has taken as long as there is between two.
    static func patient(isTerminal: Bool = isatty(STDERR_FILENO) == 1) -> ProgressLine {
        ProgressLine(isTerminal: isTerminal, due: .now + pause)
    }

    /// - Parameters:
    ///   - bar: in its place on a terminal.
    ///   - isLast: it stays, and is told in any case.
    mutating func tell(_ line: String, bar: String? = nil, isLast: Bool = false) {
        if let text = text(line, bar: bar, isLast: isLast, at: .now) { Self.write(text) }
    }

    /// Something else, over the line.
    func interrupt(_ text: String) { Self.write((isTerminal ? "\r\u{1b}[K" : "") + text) }

    /// What `tell` writes; `nil` when it is too soon.
    mutating func text(
        _ line: String,
        bar: String? = nil,
        isLast: Bool = false,
        at now: ContinuousClock.Instant
    ) -> String? {
        if isTerminal { return "\r\u{1b}[K\(bar ?? line)\(isLast ? "\n" : "")" }
        guard isLast || now >= next else { return nil }
        next = now + Self.pause
        return "\(line)\n"
    }

    private static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
