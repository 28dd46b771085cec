import Foundation
import Testing

@testable import gatehouse

@Suite struct HumaneTimeTests {
    @Test(
        arguments: [
            ("0", 0), ("90", 90), ("90s", 90), ("15m", 900), ("24h", 86_400), ("30d", 2_592_000), ("2w", 1_209_600),
            ("1h30m", 5400), ("1d12h", 129_600), ("PT24H", 86_400), ("P30D", 2_592_000), ("P1W", 604_800),
            ("P1DT1H30M5S", 91_805), ("PT0S", 0),
        ] as [(String, Int64)]
    )
    func `a span of time is read as people write it`(text: String, seconds: Int64) {
        #expect(HumaneDuration(text)?.seconds == seconds)
    }

    @Test(arguments: [
        "", "h", "24", "-1h", "1.5h", "1h ", " 1h", "24H", "1m1h", "1h1h", "P", "PT", "P1", "PT1", "P1Y", "P1M", "P1DT",
        "1h30", "99999999999h", "4000d", "٣h", "1é",
    ])
    func `what is no span, or a bare number with a unit forgotten in the middle, is refused`(text: String) {
        #expect(text == "24" ? HumaneDuration(text)?.seconds == 24 : HumaneDuration(text) == nil)
    }

    @Test(arguments: ["0s", "45s", "15m", "1h", "1h30m", "1h1s", "7d", "30d"])
    func `a span is written as it is read`(text: String) {
        #expect(HumaneDuration(text)?.description == text)
    }

    @Test(arguments: [
        ("2026-11-21", "2026-11-21T00:00:00Z"), ("2026-11-21T08:30:00Z", "2026-11-21T08:30:00Z"),
        ("2026-11-21T08:30:00+02:00", "2026-11-21T06:30:00Z"), ("2026-11-21T08:30:00.5Z", "2026-11-21T08:30:00Z"),
    ])
    func `a time is ISO 8601`(text: String, expected: String) {
        #expect(HumaneTime.readISO(text).map(HumaneTime.text) == expected)
    }

    @Test(arguments: [
        ("tomorrow", "write 2026-12-31, "), ("", "write 2026-12-31, "),
        ("2026-13-01", "there is no such day or time; "),
        ("2026-11-21T08:30:00", "there is no such day or time; "), ("99999999d", "a span is at most 3660d; "),
        ("P99999D", "a span is at most 3660d; "),
    ])
    func `of what is no time is said what there is`(text: String, words: String) {
        #expect(HumaneTime.problem(text).hasPrefix(words))
        #expect(HumaneTime.problem(text).hasSuffix("2026-12-31T18:00:00Z or a span such as 30d"))
    }

    @Test func `a span leads from now, forward or back`() {
        let now = Date(timeIntervalSince1970: 1_000_000)
        #expect(HumaneTime.read("1h", .future, now: now) == now.addingTimeInterval(3600))
        #expect(HumaneTime.read("1h", .past, now: now) == now.addingTimeInterval(-3600))
        #expect(HumaneTime.read("2026-11-21", .past, now: now) == HumaneTime.readISO("2026-11-21"))
    }

    @Test(arguments: [
        "", "soon", "2026-13-01", "2026-02-30", "2026-11-21T25:00:00Z", "2026-11-21T08:30:00", "26-11-21",
    ])
    func `what is no time is refused`(text: String) {
        #expect(HumaneTime.read(text, .future, now: Date()) == nil)
    }
}
