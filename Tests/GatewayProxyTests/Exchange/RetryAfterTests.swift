import Testing

@testable import GatewayProxy

@Suite struct RetryAfterTests {
    /// 1994-11-06 08:49:37 UTC.
    private static let now: Int64 = 784_111_777

    private static let times: [(String, Int64)] = [
        ("30", 30), ("0", 0), ("Sun, 06 Nov 1994 08:50:07 GMT", 30), ("Sunday, 06-Nov-94 08:50:07 GMT", 30),
        ("Sun Nov  6 08:50:07 1994", 30), ("Mon, 07 Nov 1994 08:49:37 GMT", 86_400),
        ("Wed, 29 Feb 2012 00:00:00 GMT", 546_361_823), ("Thu, 01 Mar 2012 00:00:00 GMT", 546_448_223),
        ("Sat, 01 Jan 2050 00:00:00 GMT", 1_740_496_223),
    ]

    @Test(arguments: times)
    func `seconds and each of HTTP's three dates are read`(text: String, seconds: Int64) {
        #expect(RetryAfter.seconds(text, at: Self.now) == seconds)
    }

    @Test(arguments: [
        "", "soon", "1.5", "Sun, 06 Nov 1994 08:49:37 GMT", "Sat, 05 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:50:07 CET", "Sun, 06 Nov 1994 08:50:07", "Sun, 06 Nov 1994 25:50:07 GMT",
        "Sun, 32 Nov 1994 08:50:07 GMT", "Sun, 06 Foo 1994 08:50:07 GMT", "Sun, 06 Nov 99999 08:50:07 GMT",
        "Sun, +6 Nov 1994 08:50:07 GMT", "99999999999999999999",
    ])
    func `what is no time to come asks for no pause`(text: String) {
        #expect(RetryAfter.seconds(text, at: Self.now) == nil)
    }
}
