import GatewayCore
import Testing

/// What of an exchange a rule keeps.
@Suite struct CaptureRuleTests {
    private static func rule(_ rates: [(String, Double)]) throws -> CaptureRule {
        let collections = rates.map { CaptureCollection(name: $0.0, samplingRate: $0.1) }
        return try #require(CaptureRule(collecting: collections, headers: ["X-Trace"], rollingRate: .day))
    }

    @Test(arguments: [
        (["request"], true, false), (["model_outputs"], false, true), (["model_inputs", "response"], true, true),
    ])
    func `collections are halves of exchanges`(names: [String], request: Bool, response: Bool) throws {
        let rule = try Self.rule(names.map { ($0, 1) })
        #expect(rule.keepsRequest == request && rule.keepsResponse == response)
        #expect(rule.headers == ["content-type", "x-trace"] && rule.rollingRate == .day)
    }

    @Test func `without a collection there is no rule`() {
        #expect(CaptureRule(collecting: [], headers: [], rollingRate: .hour) == nil)
    }

    @Test func `one draw decides for each collection by its own rate`() throws {
        let rule = try Self.rule([("request", 0.5), ("response", 0.1)])
        #expect(rule.samplingRate == 0.5)
        #expect(rule.drawn(0.05).collections.map(\.name) == ["request", "response"])
        let drawn = rule.drawn(0.3)
        #expect(drawn.collections.map(\.name) == ["request"] && drawn.keepsRequest && !drawn.keepsResponse)
    }

    @Test func `a rule of ours is kept whole, whatever was drawn`() {
        let rule = CaptureRule(samplingRate: 0.5)
        #expect(rule.drawn(0.3) == rule)
    }
}
