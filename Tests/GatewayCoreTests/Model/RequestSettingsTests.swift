import GatewayCore
import Testing

@Suite struct RequestSettingsTests {
    @Test func `the time-out is Azure's 5 s unless one is set`() {
        #expect(RequestSettings().timeout == .seconds(5))
        #expect(RequestSettings(timeoutMilliseconds: 60_000).timeout == .seconds(60))
    }
}
