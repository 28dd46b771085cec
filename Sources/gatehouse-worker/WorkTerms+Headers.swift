import Llama
import NIOHTTP1

extension WorkTerms {
    private static let milliseconds = 0...86_400_000
    private static let longestName = 128

    /// What the gateway says about a request; whoever may connect to the socket is believed.
    ///
    /// Without the headers a request belongs to a tenant and a caller without names, of weight 1, and waits as long as it must.
    init(_ headers: HTTPHeaders, at now: ContinuousClock.Instant) throws(Refusal) {
        let weight = try Self.number("x-gatehouse-queue-weight", Self.weights, headers)
        let left = try Self.number("x-gatehouse-time-left-ms", Self.milliseconds, headers)
        let callerWeight = try Self.number("x-gatehouse-caller-weight", Self.weights, headers)
        self.init(
            tenant: try Self.name("x-gatehouse-tenant", headers),
            weight: weight ?? 1,
            caller: try Self.name("x-gatehouse-caller", headers),
            callerWeight: callerWeight ?? 1,
            deadline: left.map { now + .milliseconds($0) }
        )
    }

    private static func name(_ name: String, _ headers: HTTPHeaders) throws(Refusal) -> String {
        let value = headers.first(name: name) ?? ""
        guard value.utf8.count <= longestName else { throw .longName(name, longestName) }
        return value
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
