import Testing

@testable import GatewayCore

@Suite struct MetricPageTests {
    private static let requests = MetricFamily(
        .counter,
        "requests",
        "All of them.",
        [.init([.init("tenant", "demo"), .init("status", "200")], .count(3))]
    )

    @Test func `the older format names a counter as its sample is named`() {
        let text = MetricPage.text([Self.requests], .prometheus)
        #expect(
            text == """
                # HELP requests_total All of them.
                # TYPE requests_total counter
                requests_total{tenant="demo",status="200"} 3

                """
        )
    }

    @Test func `OpenMetrics names the family, and says where the page ends`() {
        let build = MetricFamily(.info, "build", "What runs.", [.init([.init("version", "1")], .count(1))])
        #expect(
            MetricPage.text([Self.requests, build], .openMetrics) == """
                # HELP requests All of them.
                # TYPE requests counter
                requests_total{tenant="demo",status="200"} 3
                # HELP build What runs.
                # TYPE build info
                build_info{version="1"} 1
                # EOF

                """
        )
    }

    @Test func `a histogram's buckets count what is below them too`() {
        var histogram = Histogram(Histogram.Scale([0.5, 1], unit: 1000))
        for value: Int64 in [500, 501, 1000, 70_000] { histogram.record(value) }
        let family = MetricFamily(.histogram, "times_seconds", "Times.", [.init([], .histogram(histogram))])
        #expect(
            MetricPage.text([family], .prometheus) == """
                # HELP times_seconds Times.
                # TYPE times_seconds histogram
                times_seconds_bucket{le="0.5"} 1
                times_seconds_bucket{le="1.0"} 3
                times_seconds_bucket{le="+Inf"} 4
                times_seconds_sum 72.001
                times_seconds_count 4

                """
        )
    }

    @Test func `no label's value can end its line`() {
        let odd = MetricFamily(.gauge, "odd", "A.", [.init([.init("host", "a\"\\\nb")], .number(0.5))])
        #expect(MetricPage.text([odd], .prometheus).hasSuffix("odd{host=\"a\\\"\\\\\\nb\"} 0.5\n"))
    }

    @Test func `a family without samples is left out`() {
        #expect(MetricPage.text([MetricFamily(.gauge, "none", "None.", [])], .prometheus).isEmpty)
    }

    @Test(
        arguments: [
            (nil, false), ("*/*", false), ("text/plain; version=0.0.4", false), ("application/openmetrics-text", true),
            ("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", true),
            ("text/plain, Application/OpenMetrics-Text; version=1.0.0; q=0.3", true),
            ("application/openmetrics-text;q=0", false),
        ] as [(String?, Bool)]
    )
    func `the format is the one that is asked for`(accept: String?, isOpenMetrics: Bool) {
        #expect((MetricPage.Format(accept: accept) == .openMetrics) == isOpenMetrics)
    }

    @Test func `a tenant's operator sees the tenant's series, and nothing of the gateway`() {
        let samples = ["demo", "other", ""].map { MetricFamily.Sample([.init("tenant", $0)], .count(1)) }
        let family = MetricFamily(.counter, "requests", "All.", samples + [.init([], .count(9))])
        #expect(family.seen(by: ["demo"]).samples == [samples[0]])
        #expect(family.seen(by: []).samples.isEmpty)
        #expect(family.seen(by: nil).samples.count == 4)
    }

    @Test func `label sets beyond the bound are one, which belongs to no tenant`() {
        let samples = (1...5).map { number in
            MetricFamily.Sample([.init("tenant", "demo"), .init("status", "\(number)")], .count(Int64(number)))
        }
        let family = MetricFamily(.counter, "requests", "All.", samples).bounded(to: 3)
        let rest = MetricFamily.Sample([.init("tenant", ""), .init("status", "other")], .count(3 + 4 + 5))
        #expect(family.samples == [samples[0], samples[1], rest])
        #expect(MetricFamily(.counter, "requests", "All.", samples).bounded(to: 5).samples == samples)
    }

    @Test func `of times beyond the bound the first is told`() {
        let samples = [50, 40, 30, 10, 20].map { end in
            MetricFamily.Sample([.init("host", "\(end).example")], .count(Int64(end)))
        }
        let family = MetricFamily(.gauge, "ends", "When.", samples, rest: .least).bounded(to: 3)
        #expect(family.samples == [samples[0], samples[1], .init([.init("host", "other")], .count(10))])
    }

    @Test func `what is told apart is so beyond the bound too, and within it`() {
        let samples = (1...4).flatMap { number in
            [("asleep", number % 2), ("serving", 1 - number % 2)].map { state, value in
                MetricFamily.Sample([.init("deployment", "\(number)"), .init("state", state)], .count(Int64(value)))
            }
        }
        func rest(_ state: String, _ value: Int64) -> MetricFamily.Sample {
            .init([.init("deployment", "other"), .init("state", state)], .count(value))
        }
        let state = MetricFamily(.gauge, "state", "1.", samples, rest: .greatest, toldApart: "state").bounded(to: 4)
        #expect(state.samples == samples[0..<2] + [rest("asleep", 1), rest("serving", 1)])
        let workers = MetricFamily(.gauge, "workers", "All.", samples, toldApart: "state").bounded(to: 4)
        #expect(workers.samples == samples[0..<2] + [rest("asleep", 1), rest("serving", 2)])
    }
}
