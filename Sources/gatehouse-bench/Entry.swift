import GatewayCore
import GatewayTestKit

/// One piece of work, its name, and what it may cost.
struct Entry {
    let name: String
    /// Per round; measured, and then half an allocation of room.
    let allocations: Double
    /// Per round; several times what was measured, so that only a change of kind fails.
    let nanoseconds: Double
    /// How many times the time of an earlier entry it may take at most, where that is held too.
    var relative: (entry: String, times: Double)?
    let measure: () async throws -> Measurement

    /// - Parameter earlier: the time of what was measured before, by name.
    func allows(_ result: Measurement, after earlier: [String: Double]) -> Bool {
        result.allocations <= allocations && result.nanoseconds <= bound(after: earlier)
    }

    /// In nanoseconds.
    func bound(after earlier: [String: Double]) -> Double {
        guard let relative, let base = earlier[relative.entry] else { return nanoseconds }
        return min(nanoseconds, base * relative.times)
    }

    /// Keys are found as fast among many as among few; what a debug build takes says nothing of that.
    private static var keyTimes: (entry: String, times: Double)? {
        #if DEBUG
            nil
        #else
            ("find one key of 10", 1.5)
        #endif
    }

    static func all() throws -> [Entry] {
        let fixture = try Fixture()
        return [
            Entry(
                name: "admit by path",
                allocations: 2.5,
                nanoseconds: 4_000,
                measure: { [work = try fixture.admitByPath()] in Measurement.take(making: work) }
            ),
            Entry(
                name: "admit by model",
                allocations: 2.5,
                nanoseconds: 4_000,
                measure: { [work = try fixture.admitByModel()] in Measurement.take(making: work) }
            ),
            Entry(
                name: "admit within limits",
                allocations: 4.5,
                nanoseconds: 4_000,
                measure: { [work = try fixture.admitWithinLimits()] in Measurement.take(making: work) }
            ),
            Entry(
                name: "admit within limits, and settle",
                allocations: 4.5,
                nanoseconds: 4_000,
                measure: { [work = try fixture.admitWithinLimits()] in Measurement.take { _ = work() } }
            ),
            Entry(
                name: "find one key of 10",
                allocations: 1.5,
                nanoseconds: 2_000,
                measure: { [work = fixture.findKey(among: 10)] in Measurement.take(of: work) }
            ),
            Entry(
                name: "find one key of 100,000",
                allocations: 1.5,
                nanoseconds: 2_000,
                relative: keyTimes,
                measure: { [work = fixture.findKey(among: 100_000)] in Measurement.take(of: work) }
            ),
            Entry(
                name: "edit a body",
                allocations: 10.5,
                nanoseconds: 15_000,
                measure: { [work = fixture.editBody()] in Measurement.take(of: work) }
            ),
            Entry(
                name: "read an event",
                allocations: 0.5,
                nanoseconds: 1_000,
                measure: { [work = fixture.readEvent()] in Measurement.take(of: work) }
            ),
            Entry(
                name: "read an answer",
                allocations: 4.5,
                nanoseconds: 10_000,
                measure: { [work = fixture.readAnswer()] in Measurement.take(of: work) }
            ),
            // What metrics may cost a request: a microsecond.
            Entry(
                name: "count a receipt",
                allocations: 4.5,
                nanoseconds: 1_000,
                measure: { [work = fixture.countReceipts(1)] in Measurement.take(of: work) }
            ),
            Entry(
                name: "exchange over TLS",
                allocations: 34,
                nanoseconds: 400_000,
                measure: { try await exchange(.score) }
            ),
            Entry(
                name: "exchange over TLS, traced",
                allocations: 40.5,
                nanoseconds: 400_000,
                measure: { try await exchange(.score, TraceRule(queue: TraceQueue(), sampleRate: 1)) }
            ),
            Entry(name: "chat over TLS", allocations: 50, nanoseconds: 400_000, measure: { try await exchange(.chat) }),
            Entry(
                name: "chat over TLS, traced",
                allocations: 65,
                nanoseconds: 400_000,
                measure: { try await exchange(.chat, TraceRule(queue: TraceQueue(), sampleRate: 1)) }
            ),
        ]
    }

    /// A whole exchange through a running gateway; the client's and the upstream's part of the cost is in the number.
    ///
    /// - Parameter traces: their queue is soon full, as behind a collector that is gone.
    private static func exchange(_ call: PingPong.Call, _ traces: TraceRule? = nil) async throws -> Measurement {
        var result: Measurement?
        var access = RunningGateway.Access()
        access.traces = traces
        try await PingPong.run(call, access) { exchanges in result = try await Measurement.takeOfProcess(exchanges) }
        guard let result else { preconditionFailure("run calls what it is given") }
        return result
    }
}
