import GatewayCore
import Testing

@testable import GatewayWorkers
@testable import gatehouse

/// What a page says of more than it shows.
@Suite struct BoundedMetricsTests {
    private typealias Sample = MetricFamily.Sample

    private static let few = MetricFamily.mostSamples / 2

    /// What is shown of pools, of which so many are in one state and the others in another.
    private static func pools(_ name: String, _ first: String, _ second: String) throws -> [Sample] {
        var family = try #require(Snapshot.empty.metrics(WorkerBoard()).first { $0.name == name })
        family.samples = (0..<2 * few).flatMap { number in
            [first, second].map { state in
                let labels = MetricFamily.Label.place("demo", "chat", "d\(number)") + [.init("state", state)]
                return Sample(labels, .count((state == first) == (number % 3 == 0) ? 1 : 0))
            }
        }
        return family.bounded().samples
    }

    private static func other(_ state: String, _ value: Int64) -> Sample {
        Sample(MetricFamily.Label.place("", "other", "other") + [.init("state", state)], .count(value))
    }

    @Test func `of certificates beyond the bound the one that ends first is told`() {
        let hosts = (0..<2 * Self.few + 10).map { number in
            HostCertificate(host: "\(number + 10_000).example", notAfter: Int64(5000 - number), isShared: true)
        }
        let samples = GatewayMetrics.expiries(of: hosts).bounded().samples
        #expect(samples.count == MetricFamily.mostSamples)
        #expect(samples.last == Sample([.init("host", "other")], .count(5000 - Int64(hosts.count - 1))))
    }

    @Test func `of pools beyond the bound each state is told, as 1 where any is in it`() throws {
        let samples = try Self.pools("gatehouse_pool_state", "failing", "serving")
        #expect(samples.count == MetricFamily.mostSamples)
        #expect(samples.suffix(2) == [Self.other("failing", 1), Self.other("serving", 1)])
    }

    @Test func `workers beyond the bound are counted by their state`() throws {
        let samples = try Self.pools("gatehouse_workers", "ready", "stopped")
        #expect(samples.count == MetricFamily.mostSamples)
        // Of 1,000 deployments 499 are shown, of the other 501 every third, from the 501st on, has one that is ready.
        #expect(samples.suffix(2) == [Self.other("ready", 167), Self.other("stopped", 334)])
    }
}
