import Testing

@testable import GatewayCore

@Suite struct CORSPolicyTests {
    private let policy = CORSPolicy(
        CORSRule(
            allowedOrigins: ["https://good.com", "http://localhost:3000"],
            allowedMethods: ["GET", "POST"],
            allowedHeaders: ["x-custom"],
            exposedHeaders: ["x-mine"],
            allowsCredentials: true,
            maxAge: 60
        )
    )

    private func value(_ name: String, _ headers: [CORSHeader]) -> String? {
        headers.first { $0.name == name }?.value
    }

    private func asked(
        _ origin: String,
        method: String = "POST",
        headers: [String] = []
    ) -> CORSPreflight {
        CORSPreflight(origin: origin, method: method, headers: headers)
    }

    @Test func `an origin of the list may read the answer`() {
        let headers = policy.headers(for: "https://good.com")
        #expect(value("access-control-allow-origin", headers) == "https://good.com")
        #expect(value("access-control-allow-credentials", headers) == "true")
        #expect(value("vary", headers) == "Origin")
        #expect(value("access-control-expose-headers", headers)?.contains("Retry-After") == true)
        #expect(value("access-control-expose-headers", headers)?.hasSuffix("x-mine") == true)
    }

    @Test(arguments: [
        "null", "https://evil.com", "https://good.com.evil.com", "https://evilgood.com", "http://good.com",
        "https://good.com:444", "https://good_com", "https://good.com%60.evil.com", "https://GOOD.com",
        "https://good.com/", "https://good.com.", "https://sub.good.com", "https://good.co", "*", "",
        "http://localhost",
        "http://localhost:3000.evil.com", "https://good.com, https://evil.com", "https://good.com\u{0}",
    ])
    func `a hostile origin gets no permission, only Vary`(origin: String) {
        #expect(policy.headers(for: origin) == [CORSHeader(name: "vary", value: "Origin")])
        #expect(policy.preflight(asked(origin)).map(\.name) == ["vary"])
    }

    @Test func `a preflight is told methods, headers and how long to believe it`() {
        let headers = policy.preflight(asked("https://good.com", headers: ["x-custom"]))
        #expect(value("access-control-allow-methods", headers) == "GET, POST")
        #expect(value("access-control-allow-headers", headers)?.contains("Authorization") == true)
        #expect(value("access-control-allow-headers", headers)?.hasSuffix("x-custom") == true)
        #expect(value("access-control-max-age", headers) == "60")
    }

    @Test func `a preflight for a method that is not allowed gets nothing`() {
        #expect(policy.preflight(asked("https://good.com", method: "DELETE")).map(\.name) == ["vary"])
    }

    @Test func `the star never comes with credentials`() {
        let open = CORSPolicy(CORSRule(allowedOrigins: ["*"]))
        let headers = open.headers(for: "https://anyone.example")
        #expect(value("access-control-allow-origin", headers) == "*")
        #expect(value("access-control-allow-credentials", headers) == nil)
        let wrong = CORSPolicy(CORSRule(allowedOrigins: ["*"], allowsCredentials: true))
        #expect(wrong.headers(for: "https://anyone.example").map(\.name) == ["vary"])
        #expect(open.headers(for: "null").map(\.name) == ["vary"])
    }

    @Test func `a star for headers answers with those that were asked for`() {
        let open = CORSPolicy(CORSRule(allowedOrigins: ["https://good.com"], allowedHeaders: ["*"]))
        let headers = open.preflight(asked("https://good.com", headers: ["x-stainless-os"]))
        #expect(value("access-control-allow-headers", headers)?.hasSuffix("x-stainless-os") == true)
    }
}
