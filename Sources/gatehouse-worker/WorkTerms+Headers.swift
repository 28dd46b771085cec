import Llama
import NIOHTTP1

extension WorkTerms {
    private static let milliseconds = 0...86_400_000
    private static let longestTenant = 128

    /// What the gateway says about a request; whoever may connect to the socket is believed.
    ///
    /// Without the headers a request belongs to a tenant without a name, of weight 1, and waits as long as it must.
    init(_ headers: HTTPHeaders, at now: ContinuousClock.Instant) throws(Refusal) {
        let weight = try Self.number("x-gatehouse-queue-weight", Self.weights, headers)
        let left = try Self.number("x-gatehouse-time-left-ms", Self.milliseconds, headers)
        let tenant = headers.first(name: "x-gatehouse-tenant") ?? ""
        guard tenant.utf8.count <= Self.longestTenant else { throw .longTenant(Self.longestTenant) }
        self.init(
            tenant: tenant,
            weight: weight ?? 1,
            deadline: left.map { now + .milliseconds($0) }
        )
    }

    private static func number(
        _ name: String,
        _ range: ClosedRange<Int>,
        _ headers: HTTPHeaders
    ) throws(Refusal) -> Int? {
        let values = headers[name]
        guard let text = values.first else { return nil }
        guard values.count == 1, let number = Int(text), range.contains(number) else {
            throw .badTerms(name, range)
        }
        return number
    }
}
