import GatewayCore
import Testing

@testable import GatewayTokens

@Suite struct DiscoveryTests {
    private static let path = "/tenant-a/v2.0/.well-known/openid-configuration"

    private func makeStage(_ document: (KeyServer) -> String) async throws -> Stage {
        let stage = try await Stage(rsa: HostileStage.only.value.stage.rsa) { server in
            var issuer = Stage.trusted(server)
            issuer.keysURL = nil
            issuer.discoveryURL = server.url(Self.path)
            return [issuer]
        }
        stage.server.set(Self.path, .json(document(stage.server)))
        return stage
    }

    @Test(arguments: [Stage.issuer, "https://sts.test/tenant-a/"])
    func `the keys are found through the discovery document`(issuer: String) async throws {
        let stage = try await makeStage { #"{"issuer":"\#(issuer)","jwks_uri":"\#($0.url("/keys"))"}"# }
        #expect(try await stage.refusal(of: stage.token()) == nil)
        #expect(stage.server.hits("/keys") == 1)
    }

    @Test(arguments: [
        #"{"issuer":"https://evil.test","jwks_uri":"KEYS"}"#, #"{"issuer":"","jwks_uri":"KEYS"}"#,
        #"{"jwks_uri":"KEYS"}"#, #"{"issuer":"https://login.test/{tenantid}/v2.0","jwks_uri":"KEYS"}"#,
        #"{"issuer":"https://login.test/tenant-a/v2.0"}"#,
        #"{"issuer":"https://login.test/tenant-a/v2.0","jwks_uri":["KEYS"]}"#,
        #"{"issuer":"https://login.test/tenant-a/v2.0","issuer":"https://evil.test","jwks_uri":"KEYS"}"#,
        #"{"issuer":"https://login.test/tenant-a/v2.0","jwks_uri":"file:///etc/passwd"}"#,
        #"{"issuer":"https://login.test/tenant-a/v2.0","jwks_uri":"http://169.254.169.254/keys"}"#,
        "<html>",
    ])
    func `a document of another issuer or without a usable place leads nowhere`(document: String) async throws {
        let stage = try await makeStage { document.replacing("KEYS", with: $0.url("/keys")) }
        #expect(try await stage.refusal(of: stage.token()) == .keysUnavailable)
        #expect(stage.server.hits("/keys") == 0)
        #expect(stage.server.hits(Self.path) == 1)
    }

    @Test(arguments: [true, false], [true, false])
    func `a name that a tenant's operator gave brings no keys from a private network, and the owner's does`(
        isNamedByTenant: Bool,
        isDiscovered: Bool
    ) async throws {
        let stage = try await Stage(rsa: HostileStage.only.value.stage.rsa) { server in
            var issuer = Stage.trusted(server)
            issuer.isNamedByTenant = isNamedByTenant
            let url = server.url(isDiscovered ? Self.path : "/keys").replacing("127.0.0.1", with: "localhost")
            issuer.keysURL = isDiscovered ? nil : url
            issuer.discoveryURL = isDiscovered ? url : nil
            return [issuer]
        }
        let document = #"{"issuer":"\#(Stage.issuer)","jwks_uri":"\#(stage.server.url("/keys"))"}"#
        stage.server.set(Self.path, .json(document))
        #expect(try await stage.refusal(of: stage.token()) == (isNamedByTenant ? .keysUnavailable : nil))
        #expect(stage.server.hits("/keys") == (isNamedByTenant ? 0 : 1))
    }

    @Test func `Entra's template stands for the directory that is trusted`() {
        let discovery = KeyLocation.Discovery(issuers: ["https://sts.windows.net/d-1/"], directoryID: "d-1")
        #expect(discovery.accepts("https://sts.windows.net/{tenantid}/"))
        #expect(!discovery.accepts("https://evil.test/{tenantid}/"))
        #expect(!discovery.accepts("https://sts.windows.net/{tenantid}{tenantid}/"))
        let anyDirectory = KeyLocation.Discovery(issuers: ["https://sts.windows.net/d-1/"], directoryID: nil)
        #expect(!anyDirectory.accepts("https://sts.windows.net/{tenantid}/"))
    }

    @Test(arguments: [
        "http://login.test/keys", "http://127.0.0.1/keys", "http://127.0.0.1:81/keys", "http://10.0.0.1:8080/keys",
        "http://127.0.0.1:80@evil.test/keys", "https://user@login.test/keys", "ftp://login.test/keys",
        "file:///etc/passwd", "https:///keys", "https://", "//login.test/keys", "https://2130706433/keys",
        "https://0x7f.1/keys", "https://127.1/keys", "https://[::1/keys", "https://[fe80::1%25eth0]/keys",
        "https://login.test:0/keys", "https://login.test:65536/keys", "https://login.test:/keys",
        "https://login.test\\@evil.test/keys", "https://login.test/ke ys", "https://login.test/#keys",
        "https://löwe.test/keys", "HTTPS://login.test/keys", "https://login.test./keys", "http://name.test.evil/keys",
        "http://name.test:81/keys",
    ])
    func `keys come by https, or from a listed address`(url: String) throws {
        let rule = try PlainHTTPRule(["127.0.0.1:8080", "10.0.0.0/24", "name.test:80", "[::1]:8080"])
        if url.hasPrefix("http://10.") {
            #expect(KeyLocation.fault(of: url, plainHTTP: rule) == nil)
            #expect(KeyLocation.fault(of: url, plainHTTP: .none) != nil)
        } else {
            #expect(KeyLocation.fault(of: url, plainHTTP: rule) != nil)
        }
    }

    @Test(arguments: [
        "https://login.test/keys", "https://login.test:8443/keys?p=b2c", "https://127.0.0.1/keys",
        "https://[::1]:1/keys",
        "http://127.0.0.1:8080/keys", "http://[::1]:8080/keys", "http://name.test/keys",
    ])
    func `listed addresses are compared with their port`(url: String) throws {
        let rule = try PlainHTTPRule(["127.0.0.1:8080", "name.test:80", "[::1]:8080"])
        #expect(KeyLocation.fault(of: url, plainHTTP: rule) == nil)
    }

    @Test(arguments: ["", "127.0.0.1:x", "http://127.0.0.1", "10.0.0.0/33", "a b", "127.1", "name.test:0"])
    func `an entry that is no address is an error`(entry: String) {
        #expect(throws: PlainHTTPRule.Unreadable(entry: entry)) { try PlainHTTPRule([entry]) }
    }
}
