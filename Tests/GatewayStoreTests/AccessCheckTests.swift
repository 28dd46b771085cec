import GatewayCore
import Testing

@testable import GatewayStore

@Suite struct AccessCheckTests {
    private static let base = Definitions(
        tenants: [TenantDefinition(name: "demo")],
        endpoints: ApplyDocuments.demo.endpoints,
        deployments: [.blue, .green],
        namedKeys: [NamedKey(tenant: "demo", name: "app", digest: KeyDigest(of: "a"), createdAt: 0)],
        principals: [Principal(tenant: "demo", clientID: "0193a1b2-0000-4000-8000-0123456789ab", name: "robot")],
        issuers: [.entra],
        roles: [.callers],
        webhooks: [.alarms]
    )
    private static let byAddress = LimitRule(.requests, 60, per: .minute, isByAddress: true)

    /// Code and field of everything wrong with the base after an edit.
    private func found(_ edit: (inout Definitions) -> Void) -> [String] {
        var definitions = Self.base
        edit(&definitions)
        do throws(StoreError) {
            try TemporaryStore.compiler().check(definitions, after: nil)
        } catch {
            if case .invalid(let problems) = error { return problems.map { "\($0.code.rawValue) \($0.field)" } }
        }
        return []
    }

    private func limit(_ rule: LimitRule) -> [String] { found { $0.endpoints[0].rules.limits = [rule] } }

    private func cors(_ edit: (inout CORSRule) -> Void) -> [String] {
        var rule = CORSRule(allowedOrigins: ["https://app.example.com"])
        edit(&rule)
        return found { $0.endpoints[0].cors = rule }
    }

    @Test func `one of everything is taken`() {
        #expect(found { _ in } == [])
    }

    @Test func `none stands alone, is meant, and is bounded by address`() {
        func modes(_ modes: Set<AuthMode>, isPublic: Bool, _ limits: [LimitRule] = [Self.byAddress]) -> [String] {
            found {
                $0.endpoints[0].authModes = modes
                $0.endpoints[0].isPublic = isPublic
                $0.endpoints[0].rules.limits = limits
            }
        }
        #expect(modes([.none], isPublic: true) == [])
        #expect(modes([.key, .aadToken, .amlToken], isPublic: false) == [])
        #expect(modes([.none], isPublic: false) == ["invalidAuthMode authModes"])
        #expect(modes([.key], isPublic: true) == ["invalidAuthMode public"])
        #expect(modes([.none, .key], isPublic: true) == ["invalidAuthMode authModes"])
        #expect(modes([], isPublic: false) == ["invalidAuthMode authModes"])
        #expect(modes([.none], isPublic: true, []) == ["invalidLimit rateLimits"])
        let warning = LimitRule(.requests, 60, per: .minute, isByAddress: true, isWarnOnly: true)
        #expect(modes([.none], isPublic: true, [warning]) == ["invalidLimit rateLimits"])
        #expect(modes([.none], isPublic: true, [LimitRule(.concurrent, 4)]) == ["invalidLimit rateLimits"])
    }

    @Test func `limits have an amount, a period where they need one, and a burst within`() {
        #expect(limit(LimitRule(.requests, 1, per: .hour, burst: 1)) == [])
        #expect(limit(LimitRule(.concurrent, 1)) == [])
        #expect(limit(LimitRule(.requests, 0, per: .hour)) == ["invalidLimit rateLimits[0].amount"])
        #expect(limit(LimitRule(.tokens, .max, per: .hour)) == ["invalidLimit rateLimits[0].amount"])
        #expect(limit(LimitRule(.requests, 5)) == ["invalidLimit rateLimits[0].per"])
        #expect(limit(LimitRule(.concurrent, 5, per: .second)) == ["invalidLimit rateLimits[0].per"])
        #expect(limit(LimitRule(.concurrent, 5, burst: 1)) == ["invalidLimit rateLimits[0].burst"])
        #expect(limit(LimitRule(.requests, 5, per: .second, burst: 6)) == ["invalidLimit rateLimits[0].burst"])
        #expect(limit(LimitRule(.requests, 5, per: .second, burst: 0)) == ["invalidLimit rateLimits[0].burst"])
    }

    @Test func `limits by address are for tenants, endpoints and keys`() {
        #expect(found { $0.tenants[0].rules.limits = [Self.byAddress] } == [])
        #expect(found { $0.endpoints[0].rules.limits = [Self.byAddress] } == [])
        #expect(found { $0.namedKeys[0].rules.limits = [Self.byAddress] } == [])
        let refused = found { $0.deployments[0].rules.limits = [Self.byAddress] }
        #expect(refused == ["invalidLimit rateLimits[0].by"])
    }

    @Test func `queue weights are 1 to 100, of tenants and of named keys`() {
        for weight in [1, 3, 100] {
            #expect(found { $0.tenants[0].queueWeight = weight } == [])
            #expect(found { $0.namedKeys[0].queueWeight = weight } == [])
        }
        for weight in [0, -1, 101, Int.max] {
            #expect(found { $0.tenants[0].queueWeight = weight } == ["invalidValue queueWeight"])
            #expect(found { $0.namedKeys[0].queueWeight = weight } == ["invalidValue queueWeight"])
        }
    }

    @Test func `a rule twice is refused and so are too many`() {
        let rule = LimitRule(.requests, 1, per: .second)
        #expect(found { $0.tenants[0].rules.limits = [rule, rule] } == ["duplicate rateLimits"])
        let many = (1...33).map { LimitRule(.requests, $0, per: .second) }
        #expect(found { $0.tenants[0].rules.limits = many } == ["tooMany rateLimits"])
    }

    @Test(arguments: ["Europe/Berlin", "UTC", "America/Argentina/Ushuaia", "Asia/Kathmandu", "Etc/GMT+5"])
    func `quotas count in any time zone there is`(zone: String) {
        #expect(found { $0.tenants[0].rules.quotas = [QuotaRule(.cost, 1, per: .month, timeZone: zone)] } == [])
    }

    @Test(arguments: ["Europe/Bielefeld", "", "../../etc/passwd", "Europe//Berlin", "/etc/localtime", "Mars"])
    func `quotas in a time zone that does not exist are refused`(zone: String) {
        let refused = found { $0.tenants[0].rules.quotas = [QuotaRule(.tokens, 1, per: .day, timeZone: zone)] }
        #expect(refused == ["invalidQuota quotas[0].timeZone"])
    }

    @Test func `quotas and prices have amounts`() {
        let quota = QuotaRule(.requests, 0, per: .day)
        #expect(found { $0.endpoints[0].rules.quotas = [quota] } == ["invalidQuota quotas[0].amount"])
        #expect(found { $0.deployments[0].price = Price(perThousandInputTokens: 150, perRequest: 1) } == [])
        #expect(found { $0.deployments[0].price = Price(perRequest: -1) } == ["invalidPrice price.perRequest"])
    }

    @Test(arguments: [
        "https://app.example.com", "http://localhost:3000", "https://app.example.com:8443", "http://127.0.0.1:5173",
        "https://[2001:db8::1]:8443", "chrome-extension://abcdefghijklmnop", "https://a_b.example",
    ])
    func `whole origins are taken`(origin: String) {
        #expect(cors { $0.allowedOrigins = [origin] } == [])
    }

    @Test(arguments: [
        "null", "https://app.example.com/", "https://app.example.com/path", "https://*.example.com", "app.example.com",
        "https://App.example.com", "HTTPS://app.example.com", "https://app.example.com:443",
        "http://app.example.com:80",
        "https://", "https://app.example.com:0", "https://app.example.com:099", "https://app.example.com:99999",
        "https://app.example.com:", "https://user@app.example.com", "https://app.example.com?x",
        "https://app.example.com#x",
        "https://a b", "https://app.example.com%60.evil.com", "*.example.com", "https://[::1", "https://-a.example", "",
        "https://app.example.com\\@evil", "https://0x7f.1",
    ])
    func `origins that no browser sends are refused`(origin: String) {
        #expect(cors { $0.allowedOrigins = [origin] } == ["invalidCORS cors.allowedOrigins"])
    }

    @Test func `the star stands alone and has no credentials`() {
        #expect(cors { $0.allowedOrigins = ["*"] } == [])
        #expect(
            cors {
                $0.allowedOrigins = ["*"]
                $0.allowsCredentials = true
            } == ["invalidCORS cors.allowedOrigins"]
        )
        #expect(cors { $0.allowedOrigins = ["*", "https://a.example"] } == ["invalidCORS cors.allowedOrigins"])
        #expect(cors { $0.allowedOrigins = [] } == ["invalidCORS cors.allowedOrigins"])
    }

    @Test func `methods and headers are tokens, and the age is bounded`() {
        #expect(cors { $0.allowedHeaders = ["*"] } == [])
        #expect(cors { $0.exposedHeaders = ["x-a", "X-B"] } == [])
        #expect(cors { $0.allowedMethods = ["*"] } == ["invalidCORS cors.allowedMethods"])
        #expect(cors { $0.allowedMethods = ["get"] } == ["invalidCORS cors.allowedMethods"])
        #expect(cors { $0.allowedMethods = ["TRACE"] } == ["invalidCORS cors.allowedMethods"])
        #expect(cors { $0.allowedMethods = ["GET, POST"] } == ["invalidCORS cors.allowedMethods"])
        #expect(cors { $0.allowedMethods = [] } == ["invalidCORS cors.allowedMethods"])
        #expect(cors { $0.allowedHeaders = ["x:y"] } == ["invalidCORS cors.allowedHeaders"])
        #expect(cors { $0.allowedHeaders = ["*", "x-a"] } == ["invalidCORS cors.allowedHeaders"])
        #expect(cors { $0.exposedHeaders = ["x-a", "X-A"] } == ["duplicate cors.exposedHeaders"])
        #expect(cors { $0.maxAge = 86_401 } == ["invalidCORS cors.maxAge"])
        #expect(cors { $0.maxAge = -1 } == ["invalidCORS cors.maxAge"])
        let tenant = found { $0.tenants[0].cors = CORSRule(allowedOrigins: ["null"]) }
        #expect(tenant == ["invalidCORS cors.allowedOrigins"])
    }

    @Test(arguments: ["10.0.0.0/33", "example.com", "10.0.0.0/8/8", "", "10.1/8", "::/129"])
    func `networks that cannot be read are refused by name`(network: String) {
        let refused = found { $0.endpoints[0].allowedNetworks = ["10.0.0.0/8", network] }
        #expect(refused == ["invalidNetwork allowedNetworks"])
        #expect(found { $0.namedKeys[0].allowedNetworks = [network] } == ["invalidNetwork allowedNetworks"])
    }

    @Test func `maintenance has a message and a time`() {
        func maintenance(_ message: String, _ seconds: Int) -> [String] {
            found { $0.endpoints[0].maintenance = Maintenance(message: message, retryAfter: seconds) }
        }
        #expect(maintenance("Back at nine, é", 86_400) == [])
        #expect(maintenance("", 1) == ["invalidMaintenance maintenance.message"])
        #expect(maintenance("a\nb", 1) == ["invalidMaintenance maintenance.message"])
        #expect(maintenance(String(repeating: "x", count: 501), 1) == ["invalidMaintenance maintenance.message"])
        #expect(maintenance("x", 0) == ["invalidMaintenance maintenance.retryAfter"])
    }

    @Test func `rotation leaves time for its overlap`() {
        func rotation(_ every: Int64, _ overlap: Int64) -> [String] {
            found { $0.endpoints[0].keyRotation = RotationRule(every: every, overlap: overlap) }
        }
        #expect(rotation(3600, 3600) == [])
        #expect(rotation(3600, 3601) == ["invalidRotation keyRotation.overlap"])
        #expect(rotation(3600, -1) == ["invalidRotation keyRotation.overlap"])
        #expect(rotation(59, 0) == ["invalidRotation keyRotation.every"])
    }

    @Test func `keys and roles name endpoints that exist, and none opens none`() {
        #expect(found { $0.namedKeys[0].endpoints = ["chat"] } == [])
        #expect(found { $0.namedKeys[0].endpoints = [] } == [])
        #expect(found { $0.namedKeys[0].endpoints = ["nowhere"] } == ["unknownEndpoint endpoints"])
        #expect(found { $0.roles[0].endpoints = ["nowhere"] } == ["unknownEndpoint endpoints"])
        #expect(found { $0.namedKeys[0].forms = [] } == ["invalidValue forms"])
        #expect(found { $0.namedKeys[0].name = "a b" } == ["invalidName name"])
        #expect(found { $0.namedKeys[0].expiresAt = 0 } == ["invalidExpiry expiresAt"])
    }

    @Test func `principals have a UUID and a name`() {
        #expect(found { $0.principals[0].clientID = "ROBOT" } == ["invalidValue clientId"])
        #expect(
            found { $0.principals[0].clientID = $0.principals[0].clientID.uppercased() } == ["invalidValue clientId"]
        )
        #expect(found { $0.principals[0].name = "" } == ["invalidName name"])
        #expect(found { $0.principals.append($0.principals[0]) } == ["duplicate "])
    }

    @Test func `issuers name what they are compared with and where their keys are`() {
        func issuer(_ edit: (inout TrustedIssuer) -> Void) -> [String] { found { edit(&$0.issuers[0]) } }
        #expect(issuer { $0.issuers = [] } == ["invalidIssuer issuers"])
        #expect(issuer { $0.audiences = [] } == ["invalidIssuer audiences"])
        #expect(issuer { $0.audiences = ["a\nb"] } == ["invalidIssuer audiences"])
        #expect(issuer { $0.discoveryURL = nil } == ["invalidIssuer discoveryUrl"])
        #expect(issuer { $0.keysURL = "https://a.example/keys" } == ["invalidIssuer discoveryUrl"])
        #expect(issuer { $0.directoryID = "" } == ["invalidIssuer directoryId"])
        #expect(found { $0.issuers[0].name = "built-in" } == ["invalidName name", "unknownIssuer issuer"])
    }

    @Test(arguments: [
        ("http://login.example.com/keys", "invalidURL discoveryUrl"), ("ftp://a.example", "invalidURL discoveryUrl"),
        ("https://user@a.example", "invalidURL discoveryUrl"), ("https://a.example/#x", "invalidURL discoveryUrl"),
        ("https://169.254.169.254/latest", "addressRefused discoveryUrl"),
        ("https://2130706433/", "addressRefused discoveryUrl"), ("http://127.0.0.1:9998/", "invalidURL discoveryUrl"),
        ("https://a.example/keys?appid=1", ""), ("http://127.0.0.1:9999/jwks", ""),
    ])
    func `key locations are https, and never where upstreams may not be`(url: String, problem: String) {
        #expect(found { $0.issuers[0].discoveryURL = url }.first ?? "" == problem)
    }

    @Test func `roles name a subject and an issuer that is trusted`() {
        #expect(found { $0.roles[0].issuer = "built-in" } == [])
        #expect(found { $0.roles[0].issuer = nil } == [])
        #expect(found { $0.roles[0].issuer = "okta" } == ["unknownIssuer issuer"])
        #expect(found { $0.roles[0].subject = .application("") } == ["invalidRole subject"])
        #expect(found { $0.roles[0].tenant = "other" }.contains("unknownTenant "))
    }

    @Test func `webhooks name a URL, events and headers`() {
        func webhook(_ edit: (inout WebhookDefinition) -> Void) -> [String] { found { edit(&$0.webhooks[0]) } }
        #expect(webhook { $0.url = "http://10.0.0.1:8080/hook" } == [])
        #expect(webhook { $0.url = "unix:/run/x.sock" } == ["invalidURL url"])
        #expect(webhook { $0.url = "http://169.254.169.254/" } == ["addressRefused url"])
        #expect(webhook { $0.events = ["a b"] } == ["invalidWebhook events"])
        #expect(webhook { $0.headers = [UpstreamHeader(name: "host", value: "x")] } == ["invalidHeader headers"])
        #expect(webhook { $0.headers = [UpstreamHeader(name: "x-a", value: "a\nb")] } == ["invalidHeader headers"])
    }

    @Test func `labels of a tenant can be read`() {
        #expect(found { $0.tenants[0].subscription = "Contoso / é" } == [])
        #expect(found { $0.tenants[0].subscription = "" } == ["invalidValue subscription"])
        #expect(found { $0.tenants[0].resourceGroup = "a\u{0}" } == ["invalidValue resourceGroup"])
    }
}
