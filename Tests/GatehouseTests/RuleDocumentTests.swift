import GatewayAPI
import Testing

@testable import gatehouse

@Suite struct RuleDocumentTests {
    @Test func `an endpoint's rules are read as the design writes them`() throws {
        let set = try documents(
            """
            name: chat
            auth_mode: AADToken
            public_network_access: disabled
            gatehouse:
              tenant: demo
              auth_modes: [key, aad_token]
              rate_limits: [{requests: 600, per: minute}, {tokens: "100000", per: minute, burst: 5000}, {concurrent: 64},
                {requests: 60, per: minute, by: address, warn_only: true}, {body_bytes: 1e6, per: second}]
              quotas: [{tokens: 5000000, per: month, time_zone: Europe/Berlin}, {cost: 12.50, per: day, warn_only: yes}]
              cors: {allowed_origins: [https://app.example.com, "http://localhost:3000"], allowed_methods: [get, POST],
                allow_credentials: true, max_age: 60}
              allowed_networks: [10.0.0.0/8, "2001:db8::1"]
              key_rotation: {every: 30d, overlap: 24h}
            """
        )
        let endpoint = try #require(set.endpoints.first)
        #expect(endpoint.authMode == "key")
        #expect(endpoint.authModes == ["key", "aad_token"])
        #expect(endpoint.publicNetworkAccess == "disabled")
        var tokens = LimitResource(tokens: 100_000, per: "minute")
        tokens.burst = 5000
        var byAddress = LimitResource(requests: 60, per: "minute")
        byAddress.by = "address"
        byAddress.warnOnly = true
        #expect(
            endpoint.limits == [
                LimitResource(requests: 600, per: "minute"), tokens, LimitResource(concurrent: 64), byAddress,
                LimitResource(bodyBytes: 1_000_000, per: "second"),
            ]
        )
        #expect(
            endpoint.quotas == [
                QuotaResource(tokens: 5_000_000, per: "month", timeZone: "Europe/Berlin"),
                QuotaResource(cost: Money(millionths: 12_500_000), per: "day", warnOnly: true),
            ]
        )
        #expect(
            endpoint.cors
                == CORSResource(
                    allowedOrigins: ["https://app.example.com", "http://localhost:3000"],
                    allowedMethods: ["GET", "POST"],
                    allowCredentials: true,
                    maxAge: 60
                )
        )
        #expect(endpoint.allowedNetworks == ["10.0.0.0/8", "2001:db8::1"])
        #expect(endpoint.keyRotation == KeyRotationResource(every: 2_592_000, overlap: 86_400))
    }

    @Test func `an endpoint without authentication says so twice`() throws {
        let set = try documents(
            """
            name: captionizer
            auth_mode: none
            gatehouse: {tenant: demo, public: true, rate_limits: [{requests: 60, per: minute, by: address}]}
            """
        )
        #expect(set.endpoints.first?.authModes == ["none"])
        #expect(set.endpoints.first?.public == true)
    }

    @Test func `a deployment has limits and a price`() throws {
        let set = try documents(
            """
            name: blue
            endpoint_name: chat
            gatehouse:
              tenant: demo
              upstream: {urls: [http://127.0.0.1:9000]}
              rate_limits: [{concurrent: 4}]
              quotas: [{requests: 10, per: week}]
              price: {input_per_1k_tokens: 0.000125, output_per_1k_tokens: "0.1", per_request: 2}
            """
        )
        let deployment = try #require(set.deployments.first)
        #expect(deployment.limits == [LimitResource(concurrent: 4)])
        #expect(deployment.quotas == [QuotaResource(requests: 10, per: "week")])
        #expect(deployment.price?.inputPer1kTokens == Money("0.000125"))
        #expect(deployment.price?.outputPer1kTokens == Money(millionths: 100_000))
        #expect(deployment.price?.perRequest == Money("2"))
    }

    @Test(arguments: [
        ("rate_limits: {requests: 1}", "rate_limits: must be a list; begin each entry with -"),
        ("rate_limits: [{requests: 1}]", "rate_limits.requests: needs per; add per: second, per: minute or per: hour"),
        (
            "rate_limits: [{requests: 0, per: hour}]",
            "rate_limits.requests: 0 is out of range; it must be 1 to 1000000000000000"
        ),
        ("rate_limits: [{requests: many, per: hour}]", "rate_limits.requests: must be a whole number"),
        ("rate_limits: [{requests: 1, per: day}]", "rate_limits.per: day is not one of second, minute, hour"),
        ("rate_limits: [{per: hour}]", "rate_limits: needs one of requests, tokens, concurrent, body_bytes"),
        (
            "rate_limits: [{requests: 1, tokens: 1, per: hour}]",
            "rate_limits.tokens: stands beside requests; write each in an entry of its own"
        ),
        ("rate_limits: [{concurrent: 1, per: hour}]", "rate_limits.per: has no meaning for concurrent; remove it"),
        (
            "rate_limits: [{request: 1, per: hour, requests: 1}]",
            "rate_limits.request: unknown key; did you mean requests?"
        ),
        ("rate_limits: [{requests: 1, per: hour, by: key}]", "rate_limits.by: key is not one of address"),
        (
            "rate_limits: [{requests: 1, per: hour, burst: 0}]",
            "rate_limits.burst: 0 is out of range; it must be 1 to 1000000000000000"
        ),
        ("quotas: [{tokens: 1}]", "quotas.tokens: needs per; add per: day, per: week or per: month"),
        (
            "quotas: [{tokens: 1, per: minute}]",
            "quotas.per: minute is not one of day, week, month; did you mean month?"
        ),
        (
            "quotas: [{tokens: 1, per: day, time_zone: Mars}]",
            "quotas.time_zone: Mars is not known; write an IANA name such as Europe/Berlin"
        ),
        ("quotas: [{cost: 0, per: day}]", "quotas.cost: 0 is out of range; it must be more than 0"),
        (
            "quotas: [{cost: 0.0000001, per: day}]",
            "quotas.cost: must be a decimal number with at most six places; write 12.50 or 0.000125"
        ),
        ("cors: {max_age: 1}", "cors.allowed_origins: is required; write allowed_origins: [https://app.example.com]"),
        (
            "cors: {allowed_origins: [app.example.com]}",
            "cors.allowed_origins: \"app.example.com\" is not an origin; write scheme://host or scheme://host:port in lower case, without a path"
        ),
        (
            "cors: {allowed_origins: ['*'], allow_credentials: true}",
            "cors.allowed_origins: * excludes allow_credentials; list the origins, or keep * alone"
        ),
        (
            "cors: {allowed_origins: ['*', 'https://a.b']}",
            "cors.allowed_origins: * stands beside other origins; list the origins, or keep * alone"
        ),
        (
            "cors: {allowed_origins: ['*'], max_age: 90000}",
            "cors.max_age: 90000 is out of range; it must be 0 to 86400"
        ),
        ("cors: {allowed_origins: ['*'], allowed_methods: [a b]}", "cors.allowed_methods: \"A B\" is not a name"),
        (
            "allowed_networks: [10.0.0.0/33]",
            "allowed_networks: \"10.0.0.0/33\" is not a network; write 10.0.0.0/8 or 2001:db8::/32"
        ),
        ("key_rotation: {overlap: 1h}", "key_rotation.every: is required; write every: 30d"),
        ("key_rotation: {every: 59s}", "key_rotation.every: 59s is out of range; it must be 1m to 3650d"),
        ("key_rotation: {every: 1d, overlap: 2d}", "key_rotation.overlap: 2d is out of range; it must be 0s to 1d"),
        ("key_rotation: {every: monthly}", "key_rotation.every: must be a span of time; write 24h, 30d or P30D"),
        ("auth_modes: [key, none]", "auth_modes: none stands beside other modes; keep none alone"),
        ("auth_modes: []", "auth_modes: is empty; list key, aad_token or aml_token"),
        ("auth_modes: [password]", "auth_modes: password is not one of key, aad_token, aml_token, none"),
        ("public: perhaps", "public: must be true or false"),
    ])
    func `a bad rule is told with its line`(rule: String, problem: String) {
        let found = problems(in: "name: chat\ngatehouse:\n  \(rule)")
        #expect(found.contains("f.yaml:3: gatehouse.\(problem)"), "\(found)")
    }

    @Test func `a mode that one of the two keys forgets is told`() {
        #expect(
            problems(in: "name: chat\nauth_mode: aml_token\ngatehouse: {auth_modes: [key]}") == [
                "f.yaml:3: gatehouse.auth_modes: aml_token is missing, which auth_mode names; add it, or change auth_mode"
            ]
        )
        #expect(
            problems(in: "name: chat\nauth_mode: none") == [
                "f.yaml:2: auth_mode: none opens the endpoint to everybody; add gatehouse.public: true if calls without a credential are meant"
            ]
        )
    }

    @Test(arguments: [
        "null", "https://evil.com/", "https://good.com:443", "http://a:80", "https://GOOD.com", "https://a b",
        "https://",
        "ftp://a", "https://good.com:99999", "https://good.com:+1", "https://user@good.com", "good.com", "https://a?x",
        "https://good.com%60.evil.com", "https://*.good.com",
    ])
    func `what no browser sends is no origin`(text: String) {
        #expect(!YAMLMapping.isOrigin(text))
    }

    @Test(arguments: [
        "https://good.com", "http://localhost:3000", "https://[::1]:8443", "https://xn--bcher-kva.example",
    ])
    func `what a browser sends is an origin`(text: String) {
        #expect(YAMLMapping.isOrigin(text))
    }
}
