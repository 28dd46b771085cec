import GatewayCore
import Testing

@Suite struct InstanceAddressTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let transport: InstanceAddress.Transport
        var basePath = ""
        let authority: String
        let url: String
        var testDescription: String { text }
    }

    @Test(arguments: [
        Case(text: "http://a", transport: .http(host: "a", port: 80), authority: "a", url: "http://a"),
        Case(text: "http://a/", transport: .http(host: "a", port: 80), authority: "a", url: "http://a"),
        Case(
            text: "http://A.B:9000",
            transport: .http(host: "a.b", port: 9000),
            authority: "a.b:9000",
            url: "http://a.b:9000"
        ),
        Case(
            text: "http://a:443/base//",
            transport: .http(host: "a", port: 443),
            basePath: "/base",
            authority: "a:443",
            url: "http://a:443/base"
        ),
        Case(
            text: "https://a:443/v1",
            transport: .https(host: "a", port: 443),
            basePath: "/v1",
            authority: "a",
            url: "https://a/v1"
        ),
        Case(text: "https://a:80", transport: .https(host: "a", port: 80), authority: "a:80", url: "https://a:80"),
        Case(
            text: "http://[::1]:81",
            transport: .http(host: "::1", port: 81),
            authority: "[::1]:81",
            url: "http://[::1]:81"
        ),
        Case(
            text: "https://[FE80::1]",
            transport: .https(host: "fe80::1", port: 443),
            authority: "[fe80::1]",
            url: "https://[fe80::1]"
        ),
        Case(
            text: "unix:/run/a.sock",
            transport: .unix(path: "/run/a.sock"),
            authority: "localhost",
            url: "unix:/run/a.sock"
        ),
    ])
    func `an address is read and written in one spelling`(example: Case) throws {
        let address = try InstanceAddress.parse(example.text).get()
        #expect(address == InstanceAddress(transport: example.transport, basePath: example.basePath))
        #expect(address.authority == example.authority)
        #expect(address.url == example.url)
        #expect(try InstanceAddress.parse(address.url).get() == address)
    }

    @Test(arguments: [
        "", "a", "a:80", "ftp://a", "HTTP:/a", "http:", "http://", "http:///x", "http://:80", "http://a:", "http://a:0",
        "http://a:65536", "http://a:x", "http://a:-1", "http://a:+80", "http://a:80:81", "http://[::1", "http://[]:80",
        "http://[::1]x", "http://::1", "http://user@a", "http://user:secret@a/b", "http://a/b?c", "http://a?c",
        "http://a#c",
        "http://a/b#c", "http://a b", "http://a\n", "http://\u{e9}", "unix:", "unix:relative.sock", "unix://host/x y",
        "unix:/" + String(repeating: "x", count: 107), "http://a\\b", "http://a,b", "http://[g]",
    ])
    func `what is no upstream's address is refused with a reason`(text: String) throws {
        guard case .failure(let problem) = InstanceAddress.parse(text) else {
            Issue.record("was read: \(text)")
            return
        }
        #expect(!problem.reason.isEmpty)
    }

    @Test func `a reason never repeats what may be a secret`() {
        guard case .failure(let problem) = InstanceAddress.parse("http://user:secret@a") else {
            Issue.record("was read")
            return
        }
        #expect(!problem.reason.contains("secret"))
    }
}
