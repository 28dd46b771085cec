import GatewayAPI
import Testing

@Suite struct ISODurationTests {
    @Test(
        arguments: [
            ("PT5S", 5000), ("PT0.5S", 500), ("PT1.5S", 1500), ("PT1M", 60_000), ("PT1M30S", 90_000),
            ("PT60S", 60_000), ("PT1H", 3_600_000), ("P1D", 86_400_000), ("P1DT2H", 93_600_000), ("P1W", 604_800_000),
            ("PT0S", 0), ("PT2,25S", 2250), ("PT1.5H", 5_400_000),
        ] as [(String, Int64)]
    )
    func `every spelling of a span is read`(text: String, milliseconds: Int64) {
        #expect(ISODuration(text)?.milliseconds == milliseconds)
    }

    @Test(
        arguments: [
            "", "P", "PT", "5S", "PT5", "PTS", "P1Y", "P1M", "PT-5S", "-PT5S", "PT5S5M", "PT5S5S", "P1H", "PT1D",
            "pt5s",
            "PT1..5S", "PT.S", "PT5.S", "PT.5S", "PT 5S", "PT٣S", "PT99999999999999999999S", "P400000D", "PT1S1S",
            "P1DT",
        ]
    )
    func `what is no span is refused`(text: String) {
        #expect(ISODuration(text) == nil)
    }

    @Test(
        arguments: [
            (0, "PT0S"), (500, "PT0.5S"), (1500, "PT1.5S"), (5000, "PT5S"), (60_000, "PT1M"), (90_250, "PT1M30.25S"),
            (3_600_000, "PT1H"), (86_400_000, "P1D"), (93_600_001, "P1DT2H0.001S"),
        ] as [(Int64, String)]
    )
    func `a span is written as Azure's SDK writes it, and read again`(milliseconds: Int64, text: String) {
        #expect(ISODuration(milliseconds: milliseconds).text == text)
        #expect(ISODuration(text)?.milliseconds == milliseconds)
    }
}
