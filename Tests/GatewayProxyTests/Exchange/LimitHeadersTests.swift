import GatewayCore
import NIOHTTP1
import Testing

@testable import GatewayProxy

@Suite struct LimitHeadersTests {
    private func entry(
        _ policy: String,
        _ measure: LimitReport.Measure,
        _ remaining: Int64,
        of limit: Int64,
        window: Int64? = 60
    ) -> LimitReport.Entry {
        LimitReport.Entry(
            policy: policy,
            measure: measure,
            limit: limit,
            remaining: remaining,
            resetAfter: 1_500_000_000,
            window: window
        )
    }

    private func headers(_ entries: [LimitReport.Entry], warnings: [String] = []) -> HTTPHeaders {
        var headers = HTTPHeaders()
        LimitHeaders.add(LimitReport(entries: entries, warnings: warnings), to: &headers)
        return headers
    }

    @Test func `over HTTP 1 they are lines that say the same`() {
        let entries = [entry("tight", .requests, 4, of: 10), entry("words", .tokens, 0, of: 12_345_678_901)]
        var bytes: [UInt8] = []
        LimitHeaders.write(LimitReport(entries: entries, warnings: ["a", "b"]), into: &bytes)
        let listed = headers(entries, warnings: ["a", "b"]).map { "\($0.name): \($0.value)\r\n" }
        #expect(listed.count == 9)
        #expect(String(decoding: bytes, as: UTF8.self) == listed.joined())
    }

    @Test func `each kind tells of its tightest limit`() {
        let headers = headers([
            entry("wide", .requests, 90, of: 100), entry("tight", .requests, 4, of: 10),
            entry("words", .tokens, 700, of: 1000), entry("money", .cost, 0, of: 5),
        ])
        #expect(headers.first(name: "x-ratelimit-limit-requests") == "10")
        #expect(headers.first(name: "x-ratelimit-remaining-requests") == "4")
        #expect(headers.first(name: "x-ratelimit-reset-requests") == "1.5s")
        #expect(headers.first(name: "x-ratelimit-remaining-tokens") == "700")
        #expect(headers.first(name: "ratelimit-policy") == #""tight";q=10;w=60"#)
        #expect(headers.first(name: "ratelimit") == #""tight";r=4;t=2"#)
        #expect(headers.count == 8)
    }

    @Test func `concurrency has no window and no header of its own`() {
        #expect(headers([entry("one", .concurrent, 0, of: 4, window: nil)]).isEmpty)
    }

    @Test func `bytes say their unit, warnings are named`() {
        let headers = headers([entry("bytes", .bodyBytes, 5, of: 10)], warnings: ["a", "b"])
        #expect(headers.first(name: "ratelimit-policy") == #""bytes";q=10;w=60;qu="content-bytes""#)
        #expect(headers.first(name: "x-gatehouse-limit-warning") == "a, b")
    }

    @Test(
        arguments: [
            (0, "0ms"), (1, "1ms"), (20_000_000, "20ms"), (999_000_001, "1s"), (1_000_000_000, "1s"),
            (1_500_000_000, "1.5s"), (23_973_000_000, "23.973s"), (1_050_000_000, "1.05s"), (59_999_000_001, "1m0s"),
            (360_000_000_000, "6m0s"), (3_600_000_000_000, "1h0m0s"), (-5, "0ms"),
        ] as [(Int64, String)]
    )
    func `durations are spelled as OpenAI does`(nanoseconds: Int64, text: String) {
        #expect(LimitHeaderValue.duration(nanoseconds).text == text)
    }

    @Test func `the largest numbers have room`() {
        let largest = LimitReport.Entry(
            policy: "bytes",
            measure: .bodyBytes,
            limit: .max,
            remaining: .max,
            resetAfter: .max - 999_999_999,
            window: .max
        )
        let number = "9223372036854775807"
        #expect(LimitHeaderValue.number(.max).text == number)
        #expect(LimitHeaderValue.number(.min).text == "-9223372036854775808")
        #expect(LimitHeaderValue.duration(.max - 999_999).text == "2562047h47m17s")
        #expect(LimitHeaderValue.policy(largest).text == #""bytes";q=\#(number);w=\#(number);qu="content-bytes""#)
        var lines: [UInt8] = []
        let report = LimitReport(
            entries: [LimitReport.Measure.requests, .tokens, .bodyBytes].map { measure in
                var entry = largest
                entry.measure = measure
                return entry
            },
            warnings: ["a", "b"]
        )
        LimitHeaders.write(report, into: &lines)
        #expect(String(decoding: lines, as: UTF8.self).contains("x-ratelimit-remaining-requests: \(number)\r\n"))
        #expect(LimitHeaderValue.state(largest).text == #""bytes";r=\#(number);t=9223372036"#)
    }
}
