import GatewayCore
import Testing

@Suite struct RetryRuleTests {
    @Test func `a request whose worker died is tried once more, whatever its method, and not a third time`() {
        let died = UpstreamFailure(phase: .wait, isReused: false, hasSent: true)
        func mayRetry(_ deaths: Int, canReplay: Bool = true) -> Bool {
            RetryRule.mayRetry(died, method: "POST", attempts: deaths, deaths: deaths, canReplay: canReplay)
        }
        #expect(mayRetry(1) && !mayRetry(2) && !mayRetry(1, canReplay: false))
    }

    private func mayRetry(
        _ phase: UpstreamFailure.Phase,
        isReused: Bool,
        hasSent: Bool,
        method: String = "POST",
        attempts: Int = 1,
        canReplay: Bool = true
    ) -> Bool {
        RetryRule.mayRetry(
            UpstreamFailure(phase: phase, isReused: isReused, hasSent: hasSent),
            method: method,
            attempts: attempts,
            canReplay: canReplay
        )
    }

    @Test(arguments: ["GET", "HEAD", "POST", "PATCH", "QUERY"])
    func `any method may try elsewhere when no connection was made`(method: String) {
        #expect(mayRetry(.connect, isReused: false, hasSent: false, method: method))
    }

    @Test(arguments: ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"], [UpstreamFailure.Phase.send, .wait])
    func `an idempotent method is sent again after a kept-alive connection died`(
        method: String,
        phase: UpstreamFailure.Phase
    ) {
        #expect(mayRetry(phase, isReused: true, hasSent: true, method: method))
        #expect(!mayRetry(phase, isReused: false, hasSent: true, method: method))
    }

    @Test(arguments: ["POST", "PATCH", "LOCK", "get", ""], [UpstreamFailure.Phase.send, .wait])
    func `other methods are not, once a byte was sent`(method: String, phase: UpstreamFailure.Phase) {
        #expect(!mayRetry(phase, isReused: true, hasSent: true, method: method))
        #expect(!mayRetry(phase, isReused: false, hasSent: true, method: method))
        #expect(mayRetry(phase, isReused: true, hasSent: false, method: method))
    }

    @Test(arguments: [UpstreamFailure.Phase.malformed, .receive])
    func `nothing is sent again after an answer has begun or was bad`(phase: UpstreamFailure.Phase) {
        #expect(!mayRetry(phase, isReused: true, hasSent: true, method: "GET"))
        #expect(!mayRetry(phase, isReused: true, hasSent: false, method: "GET"))
    }

    @Test(arguments: [(UpstreamFailure.Phase.connect, 4), (.send, 2), (.wait, 2)])
    func `attempts have a bound, which is higher while nobody was reached`(
        phase: UpstreamFailure.Phase,
        attempts: Int
    ) {
        for made in 1..<attempts {
            #expect(mayRetry(phase, isReused: true, hasSent: false, method: "GET", attempts: made))
        }
        #expect(!mayRetry(phase, isReused: true, hasSent: false, method: "GET", attempts: attempts))
    }

    @Test(arguments: [UpstreamFailure.Phase.connect, .send, .wait])
    func `nothing is sent again without the whole body at hand`(phase: UpstreamFailure.Phase) {
        #expect(!mayRetry(phase, isReused: true, hasSent: false, method: "GET", canReplay: false))
    }
}
