import GatewayAPI
import GatewayCore
import Testing

@testable import GatewayAdmin

/// What a comparison's request comes to.
@Suite struct ComparisonOrderTests {
    private static func judgesLatency(
        isReplay: Bool = true,
        _ change: (inout ComparisonRequest) -> Void = { _ in }
    ) throws -> Bool {
        var request = ComparisonRequest(endpoint: "chat", to: "green")
        change(&request)
        return try ComparisonOrder(request, tenant: "demo", isReplay: isReplay).limits.judgesLatency
    }

    @Test func `latencies are judged where requests run as they came, or where a bound is named`() throws {
        #expect(try !Self.judgesLatency())
        #expect(try !Self.judgesLatency { $0.concurrency = 2 })
        #expect(try Self.judgesLatency { $0.concurrency = 1 })
        #expect(try Self.judgesLatency { $0.speed = "1x" })
        #expect(try Self.judgesLatency { $0.slower = 1.5 })
        #expect(try Self.judgesLatency(isReplay: false))
    }
}
