import Testing

@testable import gatehouse

/// How commands tell how far something is.
@Suite struct ProgressLineTests {
    private let start = ContinuousClock.now

    @Test func `on a terminal one line changes, and the last stays`() {
        var line = ProgressLine(isTerminal: true, due: start)
        #expect(line.text("1 of 2", bar: "[#.] 1 of 2", at: start) == "\r\u{1b}[K[#.] 1 of 2")
        #expect(line.text("2 of 2", isLast: true, at: start) == "\r\u{1b}[K2 of 2\n")
    }

    @Test func `elsewhere there is a line every five seconds, without the bar, and the last in any case`() {
        var line = ProgressLine(isTerminal: false, due: start)
        #expect(line.text("1", bar: "[#.]", at: start) == "1\n")
        #expect(line.text("2", at: start + .seconds(4.9)) == nil)
        #expect(line.text("3", at: start + .seconds(5)) == "3\n")
        #expect(line.text("4", isLast: true, at: start + .seconds(5)) == "4\n")
    }

    @Test func `a patient one tells nothing of what is soon done`() {
        var line = ProgressLine.patient(isTerminal: false)
        #expect(line.text("1", at: start + .seconds(4.9)) == nil)
        #expect(line.text("2", at: .now + .seconds(5)) == "2\n")
    }
}
