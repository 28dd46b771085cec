import NIOHTTP1
import Testing

@testable import GatewayCore
@testable import GatewayProxy

@Suite struct LimitHeadersTests {
    private func entry(_ rule: LimitRule, _ remaining: Int64) -> LimitReport.Entry {
        LimitReport.Entry(
            words: RuleWords(rule, of: .tenant("demo")),
            remaining: remaining,
            resetAfter: 1_500_000_000,
            window: rule.period.map { _ in 60 }
        )
    }

    private func headers(_ report: LimitReport) -> HTTPHeaders {
        var headers = HTTPHeaders()
        LimitHeaders.add(.report(report), to: &headers)
        return headers
    }

    @Test func `over HTTP 1 they are lines that say the same`() {
        let requests = entry(LimitRule(.requests, 10, per: .minute), 4)
        let report = LimitReport(
            requests: requests,
            tokens: entry(LimitRule(.tokens, 12_345_678_901, per: .minute), 0),
            timed: requests,
            warnings: ["a", "b"]
        )
        var bytes: [UInt8] = []
        LimitHeaders.write(.report(report), into: &bytes)
        let listed = headers(report).map { "\($0.name): \($0.value)\r\n" }
        #expect(listed.count == 9)
        #expect(String(decoding: bytes, as: UTF8.self) == listed.joined())
    }

    @Test func `each kind tells of its limit`() {
        let requests = entry(LimitRule(.requests, 10, per: .minute), 4)
        let headers = headers(
            LimitReport(
                requests: requests,
                tokens: entry(LimitRule(.tokens, 1000, per: .minute), 700),
                timed: requests
            )
        )
        #expect(headers.first(name: "x-ratelimit-limit-requests") == "10")
        #expect(headers.first(name: "x-ratelimit-remaining-requests") == "4")
        #expect(headers.first(name: "x-ratelimit-reset-requests") == "1.5s")
        #expect(headers.first(name: "x-ratelimit-limit-tokens") == "1000")
        #expect(headers.first(name: "x-ratelimit-remaining-tokens") == "700")
        #expect(headers.first(name: "ratelimit-policy") == #""tenant-requests-minute";q=10;w=60"#)
        #expect(headers.first(name: "ratelimit") == #""tenant-requests-minute";r=4;t=2"#)
        #expect(headers.count == 8)
    }

    @Test func `bytes say their unit, warnings are named`() {
        let bytes = entry(LimitRule(.bodyBytes, 10, per: .minute), 5)
        let headers = headers(LimitReport(timed: bytes, warnings: ["a", "b"]))
        #expect(headers.first(name: "ratelimit-policy") == #""tenant-bytes-minute";q=10;w=60;qu="content-bytes""#)
        #expect(headers.first(name: "x-gatehouse-limit-warning") == "a, b")
        #expect(headers.count == 3)
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
            words: RuleWords(LimitRule(.bodyBytes, .max, per: .hour), of: .tenant("demo")),
            remaining: .max,
            resetAfter: .max - 999_999_999,
            window: .max
        )
        let number = "9223372036854775807"
        #expect(LimitHeaderValue.number(.max).text == number)
        #expect(LimitHeaderValue.number(.min).text == "-9223372036854775808")
        #expect(LimitHeaderValue.duration(.max - 999_999).text == "2562047h47m17s")
        let name = #""tenant-bytes-hour""#
        #expect(LimitHeaderValue.policy(largest).text == #"\#(name);q=\#(number);w=3600;qu="content-bytes""#)
        #expect(LimitHeaderValue.state(largest).text == #"\#(name);r=\#(number);t=9223372036"#)
        var lines: [UInt8] = []
        let report = LimitReport(requests: largest, tokens: largest, timed: largest, warnings: ["a", "b"])
        LimitHeaders.write(.report(report), into: &lines)
        #expect(String(decoding: lines, as: UTF8.self).contains("x-ratelimit-remaining-requests: \(number)\r\n"))
    }

    @Test func `no rule's description is longer than its room`() {
        let subjects: [UsageSubject] = [
            .tenant("t"), .endpoint(tenant: "t", endpoint: "e"), .caller(tenant: "t", label: "c"),
            .deployment(tenant: "t", endpoint: "e", deployment: "d"),
        ]
        for subject in subjects {
            for measure in LimitRule.Measure.allCases {
                for isByAddress in [false, true] {
                    var rule = LimitRule(measure, .max, per: .minute)
                    rule.isByAddress = isByAddress
                    let words = RuleWords(rule, of: subject)
                    #expect(words.description.utf8.count <= RuleWords.longestDescription)
                }
            }
            for measure in QuotaRule.Measure.allCases {
                let words = RuleWords(QuotaRule(measure, .max, per: .month), of: subject)
                let longestWindow = OutputSpan<UInt8>.longestDecimal
                #expect(words.description.utf8.count + longestWindow <= RuleWords.longestDescription)
            }
        }
    }
}
