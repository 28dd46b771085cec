import HTTPTypes
import Testing

@testable import GatewayAdmin

@Suite struct LoginLimitTests {
    private let now = ContinuousClock.now

    @Test func `who guesses at a name from one address does not lock its holder out`() {
        let limit = LoginLimit()
        for _ in 0..<5 { #expect(limit.refusal(name: "alice", address: "192.0.2.1", now: now) == nil) }
        for _ in 0..<1000 { #expect(limit.refusal(name: "alice", address: "192.0.2.1", now: now) != nil) }
        #expect(limit.refusal(name: "alice", address: "192.0.2.2", now: now) == nil)
        #expect(limit.refusal(name: "alice", address: "192.0.2.1", now: now + .seconds(61)) == nil)
    }

    @Test func `an address that is refused leaves no name behind`() {
        let limit = LoginLimit()
        for index in 0..<10_000 { _ = limit.refusal(name: "name-\(index)", address: "192.0.2.1", now: now) }
        #expect(limit.kept == 1 + LoginLimit.allowed)
        #expect(limit.refusal(name: "alice", address: "192.0.2.2", now: now) == nil)
    }

    @Test func `a network of 64 bits is one address`() {
        let limit = LoginLimit()
        for host in 1...5 { #expect(limit.refusal(name: nil, address: "2001:db8::\(host)", now: now) == nil) }
        #expect(limit.refusal(name: nil, address: "2001:db8::6", now: now) != nil)
        #expect(limit.refusal(name: nil, address: "2001:db8:0:1::6", now: now) == nil)
    }

    @Test func `a name has a bound of its own, far above that of an address`() {
        let limit = LoginLimit()
        for host in 0..<50 { #expect(limit.refusal(name: "alice", address: "192.0.2.\(host)", now: now) == nil) }
        #expect(limit.refusal(name: "alice", address: "192.0.2.50", now: now) == 61)
        #expect(limit.refusal(name: "bob", address: "192.0.2.51", now: now) == nil)
    }

    @Test func `when as many are remembered as may, the oldest goes and nobody new is refused`() {
        let limit = LoginLimit(mostKept: 20)
        for index in 0..<200 {
            let moment = now + .milliseconds(index)
            #expect(limit.refusal(name: "name-\(index)", address: "10.0.0.\(index)", now: moment) == nil)
        }
        #expect(limit.kept == 20)
    }

    @Test(arguments: [
        (String(repeating: "n", count: 65), "a long password", 401),
        ("alice", String(repeating: "p", count: 1025), 401),
        ("alice", String(repeating: "p", count: 8 << 10), 413),
    ])
    func `names and passwords that nobody can have are wrong, and long bodies are not read`(
        name: String,
        password: String,
        status: Int
    ) async throws {
        try await AdminFixture().withClient { client in
            let body = #"{"name":"\#(name)","password":"\#(password)"}"#
            let answer = try await client.send(.post, "/api/v1/login", body, authorization: nil)
            #expect(answer.status == status)
            #expect(status == 401 || answer.text.contains("8 KiB"))
        }
    }
}
